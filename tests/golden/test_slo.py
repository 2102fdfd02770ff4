"""Each folder of slo/ holds SLO files in slos/, the rules they compile to, or the problems they are refused with."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gridobs.errors import SourceError
from gridobs.slo.catalogue import compile_catalogue
from gridobs.slo.model import CompileOptions

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = Path(__file__).parent / "slo"


def cases(kind: str) -> list[pytest.ParameterSet]:
    return [pytest.param(case, id=case.name) for case in sorted((CASES / kind).iterdir())]


@pytest.mark.parametrize("case", cases("compiled"))
def test_compiles_to(case: Path, matches_golden: Callable[[Path, str], None]) -> None:
    for compiled in compile_catalogue(case, CompileOptions()):
        matches_golden(case / f"{compiled.name}.rules.yaml", compiled.text)


@pytest.mark.parametrize("case", cases("refused"))
def test_is_refused_with(case: Path, matches_golden: Callable[[Path, str], None]) -> None:
    with pytest.raises(SourceError) as caught:
        compile_catalogue(case, CompileOptions())
    matches_golden(case / "problems.txt", str(caught.value).replace(f"{case}/", "") + "\n")


def test_prometheus_accepts_every_golden_rule_file() -> None:
    files = sorted(map(str, CASES.glob("compiled/*/*.rules.yaml")))
    promtool = shutil.which("promtool") or pytest.fail("promtool is not installed; run: make setup")
    command = [promtool, "check", "rules", "--lint=all", *files]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("SUCCESS") == len(files) > 0

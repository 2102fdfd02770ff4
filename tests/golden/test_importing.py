"""Each folder of importing/ holds a file of Sloth or Pyrra, and what it becomes or the problems it has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gridobs import sources
from gridobs.errors import SourceError
from gridobs.slo.importing.dispatch import import_documents
from gridobs.slo.validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = Path(__file__).parent / "importing"


def cases(kind: str) -> list[pytest.ParameterSet]:
    return [pytest.param(case, id=case.name) for case in sorted((CASES / kind).iterdir())]


@pytest.mark.parametrize("case", cases("accepted"))
def test_becomes(case: Path, matches_golden: Callable[[Path, str], None]) -> None:
    matches_golden(case / "out.yaml", import_documents(sources.read(case / "in.yaml")))


@pytest.mark.parametrize("case", cases("accepted"))
def test_what_it_becomes_is_valid(case: Path) -> None:
    text = (case / "out.yaml").read_text()

    assert validate([], [(Path("piped.yaml"), text)], now=0).problems == ()


@pytest.mark.parametrize("case", cases("refused"))
def test_is_refused_with(case: Path, matches_golden: Callable[[Path, str], None]) -> None:
    with pytest.raises(SourceError) as caught:
        import_documents(sources.read(case / "in.yaml"))
    matches_golden(case / "problems.txt", str(caught.value).replace(f"{case}/", "") + "\n")

"""What ``gridobs validate`` prints of a catalogue with many faults, in every format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from gridobs import __version__
from gridobs.cli.app import app

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent / "validate"


@pytest.mark.parametrize(
    ("output", "file"),
    [("text", "problems.txt"), ("json", "problems.json"), ("github", "problems.github"), ("sarif", "problems.sarif")],
)
def test_prints(
    output: str, file: str, matches_golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FOLDER)

    done = CliRunner().invoke(app, ["validate", "catalogue", "--format", output])

    assert done.exit_code == 1
    matches_golden(FOLDER / file, done.stdout.replace(f'"{__version__}"', '"VERSION"'))

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.slo.truth import measure

if TYPE_CHECKING:
    import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table of the differential test, when it ran."""
    lines = config.stash.get(measure.TABLE, None)
    if lines:
        terminalreporter.section("against ground truth")
        terminalreporter.write("\n".join([*lines, ""]))

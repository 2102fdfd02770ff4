"""``pytest tests/golden --bless`` writes what the tests expect; the diff is then reviewed like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="write the golden files instead of comparing with them")


@pytest.fixture
def matches_golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with a file, byte for byte."""
    bless = request.config.getoption("--bless", default=False)

    def compare(path: Path, text: str) -> None:
        if bless:
            path.write_bytes(text.encode())
        assert path.read_bytes().decode() == text

    return compare

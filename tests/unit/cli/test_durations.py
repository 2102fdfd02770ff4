"""Durations on a command line."""

from __future__ import annotations

import pytest
import typer

from gridobs.cli.durations import seconds


@pytest.mark.parametrize(("text", "expected"), [("90s", 90), ("10m", 600), ("1h30m", 5400), ("2d", 172_800)])
def test_a_duration_is_read_as_prometheus_writes_it(text: str, expected: float) -> None:
    assert expected == seconds(text)


@pytest.mark.parametrize("text", ["", "10", "m10", "10 m", "10m!", "1.5h", "-1m"])
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="write it as 90s, 10m or 1h30m"):
        seconds(text)

from __future__ import annotations

import pytest

from gridobs.rules.durations import seconds


@pytest.mark.parametrize(
    ("text", "expected"), [("5s", 5), ("5m", 300), ("1h30m", 5400), ("30d", 2_592_000), ("1w", 604_800)]
)
def test_a_duration_is_its_seconds(text: str, expected: int) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    "text", ["", "5", "0s", "m", "1.5h", "5ms", "30m1h", "-5m", " 5m", "5m\n", "\u0665m", "9" * 40 + "d"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration; write it like"):
        seconds(text)

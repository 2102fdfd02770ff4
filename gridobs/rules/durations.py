"""Durations as Prometheus writes them: ``30s``, ``1h30m``, ``30d``."""

from __future__ import annotations

import re

_UNITS = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile("".join(rf"(?:(\d+){unit})?" for unit in _UNITS), re.ASCII)
_LONGEST_TEXT = 32


def text(whole_seconds: int) -> str:
    """The shortest spelling in days and below, such as ``1d2h``; ``whole_seconds`` is above 0."""
    parts = []
    for unit in "dhms":
        count, whole_seconds = divmod(whole_seconds, _UNITS[unit])
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts)


def seconds(duration: str) -> int:
    """Whole seconds, above 0. Raises ValueError for anything else; milliseconds are too short for a rule."""
    found = _DURATION.fullmatch(duration) if duration and len(duration) <= _LONGEST_TEXT else None
    total = (
        sum(int(count or 0) * unit for count, unit in zip(found.groups(), _UNITS.values(), strict=True))
        if found
        else 0
    )
    if not total:
        raise ValueError(f"{duration!r} is not a duration; write it like 30s, 5m, 1h or 30d")
    return total

"""Durations as Prometheus flags write them: ``500ms``, ``10s``, ``1h30m``, ``0``."""

from __future__ import annotations

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"([0-9]{1,9})(ms|[smhd])")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")


def parse_duration(text: str) -> float:
    """Seconds.

    Raises:
        ValueError: If ``text`` is not a duration; the message says how one is written.
    """
    if text == "0":
        return 0.0
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration; write it with its unit, e.g. 500ms, 10s or 1h30m")
    return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))

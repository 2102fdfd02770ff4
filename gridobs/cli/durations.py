"""Durations as Prometheus and Go write them, on a command line."""

from __future__ import annotations

import re

import typer

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_FORM = re.compile(r"(\d+)([smhd])")


def seconds(text: str) -> float:
    """``90s``, ``10m`` or ``1h30m`` in seconds."""
    parts = _FORM.findall(text)
    if not parts or "".join(map("".join, parts)) != text:
        raise typer.BadParameter(f"{text!r} is no duration; write it as 90s, 10m or 1h30m")
    return float(sum(int(number) * _UNITS[unit] for number, unit in parts))

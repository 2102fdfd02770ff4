"""The bodies of an edge that is not as it should be."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from gridobs.fleet.simulation.behaviours import FLOOD_SERIES, HUGE_BYTES, RAW_SERIES

if TYPE_CHECKING:
    from collections.abc import Iterator

GARBAGE = b"<html>\xff\x00{{{not an exposition\n" * 200
BINARY = b"\x00" + GARBAGE  # Prometheus' reader takes a NUL for the end, so this is an exposition without a sample
_RAW_METERS = 50


def raw(text: str, now: float) -> str:
    """What an honest edge tells, and readings of single meters below it."""
    at = round(1000 * now)
    readings = (f'{RAW_SERIES}{{meter="meter-{number:04d}"}} {number} {at}\n' for number in range(_RAW_METERS))
    return f"{text}# TYPE {RAW_SERIES} untyped\n{''.join(readings)}"


def flood(text: str) -> str:
    """What an honest edge tells, and its last series over and over, with one label that differs."""
    series, _, rest = text.rstrip("\n").rpartition("\n")[2].partition("{")
    return text + "".join(f'{series}{{slo="flood-{number}",{rest}\n' for number in range(FLOOD_SERIES))


def huge(text: str) -> bytes:
    """Ten megabytes of a valid exposition."""
    size = 0
    lines: list[str] = []
    for line in _numbered(text):
        lines.append(line)
        size += len(line)
        if size >= HUGE_BYTES:
            break
    return "".join(lines).encode()


def _numbered(text: str) -> Iterator[str]:
    samples = [line for line in text.splitlines(keepends=True) if not line.startswith("#")]
    for turn in itertools.count():
        for line in samples:
            series, _, rest = line.partition("{")
            yield f'{series}{{turn="{turn}",{rest}'

"""Sums that the hot path adds to and a scrape reads; no telemetry library is involved."""

from __future__ import annotations

import re
from threading import Lock
from typing import Final

OTHER: Final = "other"
VALUES_PER_LABEL: Final = 50
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,62}")


class Count:
    """Sums that only grow, one per tuple of label values."""

    __slots__ = ("_lock", "_sums")

    def __init__(self, *known: tuple[str, ...]) -> None:
        """Start every label set of ``known`` at 0, so that ``rate()`` sees its first increase."""
        self._lock = Lock()
        self._sums = dict.fromkeys(known, 0)

    def add(self, amount: int, labels: tuple[str, ...] = ()) -> None:
        """Add ``amount``; 0 makes the series exist.

        Raises:
            ValueError: ``amount`` is negative; Prometheus would take the fall for a restart and invent a burst.
        """
        if amount < 0:
            raise ValueError(f"a count cannot fall: {amount}")
        with self._lock:
            self._sums[labels] = self._sums.get(labels, 0) + amount

    def read(self) -> list[tuple[tuple[str, ...], int]]:
        with self._lock:
            return list(self._sums.items())


class Codes:
    """Keeps the values of one label few: codes pass, up to ``limit`` of them; anything else becomes ``other``.

    A code is 1 to 63 letters, digits and ``_ . : / -``, so the text of an exception never becomes a label value.
    """

    __slots__ = ("_known", "_limit", "_lock")

    def __init__(self, *, limit: int = VALUES_PER_LABEL) -> None:
        self._lock = Lock()
        self._known = {OTHER}
        self._limit = limit

    def admit(self, value: str) -> str:
        if value in self._known:
            return str(value)
        if not _CODE.fullmatch(value):
            return OTHER
        with self._lock:
            if value not in self._known and len(self._known) > self._limit:
                return OTHER
            self._known.add(str(value))
        return str(value)

"""Whose turn it is."""

from __future__ import annotations

import heapq
import threading
from typing import TYPE_CHECKING

from gridobs.fleet.backfill.pace import share

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridobs.fleet.backfill.visit import Visit

_GLANCE = 0.2  # seconds between two looks at whether to stop


class Rota:
    """Hands out visits that are due, each to one at a time. Safe to use from several threads.

    A visit goes back after every window, so a site that is slow or has a long hole delays no other.
    """

    def __init__(self, *, clock: Callable[[], float], stopping: Callable[[], bool]) -> None:
        self._clock = clock
        self._stopping = stopping
        self._due: list[tuple[float, float, str, Visit]] = []
        self._out = 0
        self._closed = False
        self._changed = threading.Condition()

    def add(self, visit: Visit, due: float) -> None:
        """Have ``visit`` handed out at ``due`` by the clock, or later."""
        with self._changed:
            heapq.heappush(self._due, (due, share(visit.site.id), visit.site.id, visit))
            self._changed.notify()

    def take(self) -> Visit | None:
        """The visit that has been due for longest; waits for one. None when all are finished, or it is closed."""
        with self._changed:
            while not self._closed and not self._stopping():
                now = self._clock()
                if self._due and self._due[0][0] <= now:
                    self._out += 1
                    return heapq.heappop(self._due)[-1]
                if not self._due and not self._out:
                    break
                until = self._due[0][0] - now if self._due else _GLANCE
                self._changed.wait(min(until, _GLANCE))
            return None

    def put_back(self, visit: Visit, due: float) -> None:
        """Return one that was taken, for its next window."""
        with self._changed:
            self._out -= 1
        self.add(visit, due)

    def finish(self) -> None:
        """Say that one that was taken is finished."""
        with self._changed:
            self._out -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Hand out no more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

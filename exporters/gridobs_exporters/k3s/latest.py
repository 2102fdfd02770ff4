"""What was read last, as long as it may be believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from gridobs_exporters.clock import Clock

Facts = TypeVar("Facts")
INTERVALS_BELIEVED = 3


class Latest(Generic[Facts]):
    """Facts that are renewed every ``interval`` seconds and believed for three of these."""

    def __init__(self, *, interval: float, clock: Clock) -> None:
        self._lifetime = INTERVALS_BELIEVED * interval
        self._clock = clock
        self._kept: tuple[float, float, Facts] | None = None  # one assignment, so that readers need no lock

    def put(self, facts: Facts) -> None:
        self._kept = self._clock.monotonic(), self._clock.wall(), facts

    def get(self) -> Facts | None:
        """The facts, if they are not too old."""
        kept = self._kept
        return kept[2] if kept and self._clock.monotonic() - kept[0] <= self._lifetime else None

    @property
    def last_success(self) -> float:
        """Unix seconds of the last ``put``; 0 is never."""
        return self._kept[1] if self._kept else 0.0

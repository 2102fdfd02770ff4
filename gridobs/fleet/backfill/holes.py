"""Where the hub holds nothing of a site, and how to ask for it. Times are milliseconds since 1970, as of samples."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WINDOW_SECONDS = 900  # of history that a gate gives for one question


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """The time after ``after`` and before ``before``; neither is part of it."""

    after: int
    before: int

    @property
    def seconds(self) -> float:
        return (self.before - self.after) / 1000


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Tempo:
    """How often a site records the reference series, and how often the hub pulls it. Whole seconds.

    The hub holds the newest sample of each pull, so two that it holds are up to ``pull + interval`` apart, or
    ``2 * pull + interval`` when one pull failed. That is no hole: nothing that looks back for minutes notices it.
    """

    interval: int
    pull: int

    @property
    def quiet(self) -> int:
        """Seconds without a sample that one failed pull explains, less the step of ``interval``."""
        return 2 * max(self.pull, self.interval)

    @property
    def threshold(self) -> int:
        """Milliseconds; a longer span without a sample is a hole."""
        return (self.quiet + self.interval) * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One question: the gate gives what is up to Unix second ``time``; of it, the samples in ``span`` are wanted."""

    time: int
    span: Span


def find_holes(times: Iterable[int], *, since: int, threshold: int) -> tuple[Span, ...]:
    """The spans after ``since`` that are longer than ``threshold`` and hold none of ``times``, in order.

    A hole ends with a sample. What is newer than the last one is none yet: the next pull may bring it, and as long as
    none comes, the site cannot be asked either.
    """
    held = sorted({since, *(time for time in times if time > since)})
    return tuple(Span(after=after, before=before) for after, before in pairwise(held) if before - after > threshold)


def subtract(holes: Iterable[Span], settled: Iterable[Span], *, threshold: int) -> tuple[Span, ...]:
    """What of ``holes`` is in none of ``settled`` and longer than ``threshold``, in order."""
    left = sorted(holes)
    for one in settled:
        left = [part for hole in left for part in _without(hole, one)]
    return tuple(part for part in left if part.before - part.after > threshold)


def merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time in the fewest spans, in order."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.after <= merged[-1].before:
            merged[-1] = Span(after=merged[-1].after, before=max(merged[-1].before, span.before))
        else:
            merged.append(span)
    return tuple(merged)


def windows(hole: Span) -> tuple[Window, ...]:
    """The questions whose answers hold all of ``hole``, the oldest first.

    The oldest part is the first that becomes too old for the hub to take.
    """
    return tuple(_windows(hole))


def _windows(hole: Span) -> Iterator[Window]:
    after = hole.after
    while after < hole.before - 1:
        time = after // 1000 + WINDOW_SECONDS
        yield Window(time=time, span=Span(after=after, before=min(time * 1000 + 1, hole.before)))
        after = time * 1000


def _without(hole: Span, settled: Span) -> Iterator[Span]:
    if settled.before <= hole.after or settled.after >= hole.before:
        yield hole
        return
    if hole.after < settled.after:
        yield Span(after=hole.after, before=settled.after)
    if settled.before < hole.before:
        yield Span(after=settled.before, before=hole.before)

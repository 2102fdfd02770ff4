"""One site whose holes are being filled, window by window, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from gridobs.fleet.backfill.holes import Span, merge, subtract, windows

if TYPE_CHECKING:
    from gridobs.fleet.backfill.admission import Admitted
    from gridobs.fleet.backfill.faults import Drop, Reason
    from gridobs.fleet.backfill.holes import Tempo, Window
    from gridobs.fleet.backfill.receiver import Written
    from gridobs.fleet.model import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the holes of a site.

    Attributes:
        site: its id.
        holes: that it had, in order.
        filled: spans of which the hub now has the reference.
        empty: spans of which the site itself has none.
        samples: that were written, of all series.
        refused: samples that the hub did not take for what they are.
        dropped: series of answers that were left out, by reason.
        fault: why the rest stays open, in words; empty if nothing does or its turn did not come.
        reason: the same, for counting.
    """

    site: str
    holes: tuple[Span, ...]
    filled: tuple[Span, ...]
    empty: tuple[Span, ...]
    samples: int
    refused: int
    dropped: Counter[Drop]
    fault: str = ""
    reason: Reason | None = None

    @property
    def left(self) -> float:
        """Seconds of hole that nobody has answered for yet."""
        return seconds(subtract(self.holes, (*self.filled, *self.empty), threshold=0))

    @property
    def holes_filled(self) -> int:
        """Holes of which nothing is left, and at least a part was filled."""
        return sum(self._is_done(hole) and any(_overlap(hole, one) for one in self.filled) for hole in self.holes)

    @property
    def holes_empty(self) -> int:
        """Holes of which the site has nothing."""
        return sum(self._is_done(hole) and not any(_overlap(hole, one) for one in self.filled) for hole in self.holes)

    def _is_done(self, hole: Span) -> bool:
        return not subtract([hole], (*self.filled, *self.empty), threshold=0)


@dataclass(slots=True, kw_only=True)
class Visit:
    """A site and the windows that are still to be asked for, the oldest first.

    ``busy`` is how often in a row its gate put the next one off.
    """

    site: Site
    tempo: Tempo
    holes: tuple[Span, ...]
    fault: str = ""
    reason: Reason | None = None
    busy: int = 0
    _windows: list[Window] = field(init=False)
    _asked: list[Span] = field(default_factory=list)
    _reference: list[int] = field(default_factory=list)
    _samples: int = 0
    _refused: int = 0
    _dropped: Counter[Drop] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._windows = [window for hole in reversed(self.holes) for window in reversed(windows(hole))]

    @property
    def next(self) -> Window | None:
        """What to ask for; None when all was."""
        return self._windows[-1] if self._windows else None

    @property
    def to_go(self) -> int:
        """Windows that are still to be asked for."""
        return len(self._windows)

    def note(self, admitted: Admitted, written: Written) -> None:
        """Book what came of the next window, which is done."""
        window = self._windows.pop()
        self.busy = 0
        self._asked.append(window.span)
        self._reference += admitted.reference
        self._samples += written.samples
        self._refused += written.refused
        self._dropped += admitted.dropped

    def skip(self) -> None:
        """Leave out the next window: it is too old for the hub by now."""
        self._windows.pop()

    def outcome(self) -> Outcome:
        asked = [
            Span(after=max(part.after, hole.after), before=min(part.before, hole.before))
            for hole in self.holes
            for part in merge(self._asked)
            if _overlap(part, hole)
        ]
        empty = merge(gap for part in asked for gap in self._gaps(part))
        return Outcome(
            site=self.site.id,
            holes=self.holes,
            filled=subtract(asked, empty, threshold=0),
            empty=empty,
            samples=self._samples,
            refused=self._refused,
            dropped=Counter(self._dropped),
            fault=self.fault,
            reason=self.reason,
        )

    def _gaps(self, part: Span) -> list[Span]:
        """What of ``part``, which was asked for, is a hole still."""
        times = sorted({part.after, part.before, *(t for t in self._reference if part.after < t < part.before)})
        gaps = [Span(after=after, before=before) for after, before in pairwise(times)]
        return [gap for gap in gaps if gap.before - gap.after > self.tempo.threshold]


def seconds(spans: tuple[Span, ...]) -> float:
    """How long they are together."""
    return sum(span.seconds for span in spans)


def _overlap(one: Span, other: Span) -> bool:
    return one.after < other.before and other.after < one.before

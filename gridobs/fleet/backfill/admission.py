"""What of a site's answer may be written to the hub. A site is not trusted.

What its rules cannot record is left out and counted; an answer with more than they can record is refused as a whole,
as the hub's limits refuse a scrape. Whatever it says, what is written carries its site and region in the inventory.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.backfill.faults import Drop, Reason, SiteFault
from gridobs.fleet.backfill.holes import WINDOW_SECONDS
from gridobs.fleet.backfill.series import NAME, Series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridobs.fleet.backfill.answer import Row
    from gridobs.fleet.backfill.holes import Span
    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.model import Site

_OF_TARGET = frozenset({"job", "instance"})  # the hub drops them of what it pulls, too
_OWN = frozenset({names.LABEL_SITE, names.LABEL_REGION})
_LONGEST_VALUE = 1024  # bytes of a label's value
_SPARE_SAMPLES = 2  # of a series and a window: both ends, and a rule that was evaluated again after a restart
_BYTES_PER_SAMPLE = 48
_BYTES_PER_SERIES = 1024
_BYTES_AROUND = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class _Allowed:
    labels: frozenset[str]
    series: int
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """What may be written, the reference series last; ``dropped`` counts series by why they are not among it.

    The reference comes last so that a hole, which is seen by it, closes only when all else has arrived.
    ``reference`` are its times.
    """

    series: tuple[Series, ...]
    reference: tuple[int, ...]
    dropped: Counter[Drop]

    @property
    def samples(self) -> int:
        return sum(len(one.times) for one in self.series)


class Admission:
    """Knows what can leave a site."""

    def __init__(self, egress: Egress, *, reference: str = names.SITE_HEARTBEAT) -> None:
        self._reference = reference
        self._allowed: dict[str, _Allowed] = {}
        for one in egress.series:
            known = self._allowed.get(one.name, _Allowed(labels=frozenset(), series=0, samples=0))
            self._allowed[one.name] = _Allowed(
                labels=known.labels | set(one.labels) | {NAME},
                series=known.series + one.bound,
                samples=max(known.samples, WINDOW_SECONDS // one.interval + _SPARE_SAMPLES),
            )

    @property
    def largest(self) -> int:
        """Bytes of the largest answer that the rules of a site can give, uncompressed."""
        return _BYTES_AROUND + sum(
            one.series * (_BYTES_PER_SERIES + one.samples * _BYTES_PER_SAMPLE) for one in self._allowed.values()
        )

    def admit(self, rows: Sequence[Row], *, site: Site, span: Span) -> Admitted:
        """What of ``rows`` is within ``span`` and may be written as of ``site``.

        Raises:
            SiteFault: there are more series or samples than the rules of a site can give, or a time is no time.
        """
        dropped: Counter[Drop] = Counter()
        held: Counter[str] = Counter()
        admitted: dict[tuple[tuple[str, str], ...], Series] = {}
        grids: dict[tuple[float, ...], _Grid | None] = {}
        last: tuple[float, ...] = ()
        grid: _Grid | None = None
        for row in rows:
            name = row.metric.get(NAME, "")
            allowed = self._allowed.get(name)
            if allowed is None:
                dropped[Drop.NAME] += 1
                continue
            labels = _labels(row.metric, allowed=allowed.labels, site=site)
            if isinstance(labels, Drop):
                dropped[labels] += 1
                continue
            if labels in admitted:
                dropped[Drop.DUPLICATE] += 1
                continue
            held[name] += 1
            _require_fewer(name, series=held[name], samples=len(row.values), allowed=allowed)
            if not row.values:
                continue
            times, values = zip(*row.values, strict=True)
            if times != last:
                grid = grids[times] if times in grids else grids.setdefault(times, _grid(times, span))
                last = times
            if grid is None:
                dropped[Drop.ORDER] += 1
            elif grid.times:
                admitted[labels] = Series(labels=labels, times=grid.times, values=values[grid.start : grid.end])
        series = sorted(admitted.values(), key=self._is_reference)
        reference = {time for one in series if self._is_reference(one) for time in one.times}
        return Admitted(series=tuple(series), reference=tuple(sorted(reference)), dropped=dropped)

    def _is_reference(self, series: Series) -> bool:
        return (NAME, self._reference) in series.labels


def _require_fewer(name: str, *, series: int, samples: int, allowed: _Allowed) -> None:
    if series > allowed.series:
        raise SiteFault(Reason.FLOOD, f"answers more than {allowed.series} series of {name}")
    if samples > allowed.samples:
        raise SiteFault(
            Reason.FLOOD,
            f"answers {samples} samples of a series of {name} in {WINDOW_SECONDS} s, in which its rule gives at most"
            f" {allowed.samples}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """The times of a rule group's series, which are the same for all of them: those within a span, and where."""

    times: tuple[int, ...]
    start: int
    end: int


def _grid(seconds: tuple[float, ...], span: Span) -> _Grid | None:
    """None if they are not in order.

    Raises:
        SiteFault: one is no finite number.
    """
    if not all(map(math.isfinite, seconds)):
        raise SiteFault(Reason.GARBAGE, "answers a sample whose time is no number")
    times = [round(1000 * second) for second in seconds]
    if any(before >= after for before, after in pairwise(times)):
        return None
    start = next((at for at, time in enumerate(times) if time > span.after), len(times))
    end = next((at for at, time in enumerate(times) if time >= span.before), len(times))
    return _Grid(times=tuple(times[start:end]), start=start, end=max(start, end))


def _labels(metric: Mapping[str, str], *, allowed: frozenset[str], site: Site) -> tuple[tuple[str, str], ...] | Drop:
    """As the series is stored at the hub when it is pulled; or why it is not."""
    if metric.get(names.LABEL_SITE, site.id) != site.id:
        return Drop.IDENTITY
    labels = [(names.LABEL_REGION, site.region), (names.LABEL_SITE, site.id)]
    if metric[NAME] == names.SITE_INFO and names.LABEL_SITE in metric:
        labels.append((names.LABEL_CLAIMED_SITE, site.id))  # which is where a hub keeps what a site says it is
    for name, value in metric.items():
        if name in allowed and name not in _OWN:
            if not value:
                continue
            if len(value) > _LONGEST_VALUE:
                return Drop.LABELS
            labels.append((name, value))
        elif name not in _OF_TARGET and name not in _OWN:
            return Drop.LABELS
    return tuple(sorted(labels))

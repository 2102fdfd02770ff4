"""The back-fill itself: search the hub for holes, fill them, again."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gridobs.errors import ServerError
from gridobs.fleet.backfill.faults import Reason, SiteFault
from gridobs.fleet.backfill.holes import subtract
from gridobs.fleet.backfill.pace import Bucket, patience, rest, share
from gridobs.fleet.backfill.receiver import Stopped
from gridobs.fleet.backfill.rota import Rota
from gridobs.fleet.backfill.survey import survey
from gridobs.fleet.backfill.visit import Outcome, Visit, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gridobs.fleet.backfill.history import Gates
    from gridobs.fleet.backfill.holes import Tempo
    from gridobs.fleet.backfill.journal import Journal
    from gridobs.fleet.backfill.meters import Meters
    from gridobs.fleet.backfill.pace import Limits
    from gridobs.fleet.backfill.receiver import Receiver
    from gridobs.fleet.model import Site
    from gridobs.prometheus import Client

log = logging.getLogger(__name__)

_BUSY = 4  # times that a gate may say so
_WHOLE = 3600.0  # seconds after which the whole look-back is searched again, should the hub have lost something
_RESERVE = 600.0  # seconds of the look-back that pass before the oldest samples have been written


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a pass is."""

    windows: int
    of: int
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one pass found and did; ``outcomes`` are of the sites with holes, in the order of their ids.

    ``resting`` are sites with holes whose turn is later, since they failed before.
    """

    pulled: int
    dark: tuple[str, ...]
    resting: tuple[str, ...]
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Unix seconds, and seconds that never jump."""

    now: Callable[[], float]
    monotonic: Callable[[], float]


@dataclass(slots=True, kw_only=True)
class Backfill:
    """Fills the holes of the sites in ``sites``, whose paces are in ``paces``, by id both.

    Attributes:
        look_back: seconds up to now in which holes are searched; the hub takes samples that are this old.
        workers: sites that are asked at a time.
        spread: seconds over which sites whose holes were found together are begun.
        longest: seconds of a pass; what is left is found again by the next one.
    """

    client: Client
    receiver: Receiver
    gates: Gates
    journal: Journal
    meters: Meters
    sites: Mapping[str, Site]
    paces: Mapping[str, Tempo]
    limits: Limits
    clocks: Clocks
    stop: threading.Event
    look_back: float
    workers: int = 8
    spread: float = 0.0
    longest: float = float("inf")
    progress: Callable[[Progress], None] = lambda _: None
    _looked: float = 0.0
    _looked_at_all: float = float("-inf")
    _with_holes: frozenset[str] = frozenset()
    _failures: dict[str, int] = field(default_factory=dict)
    _resting: dict[str, float] = field(default_factory=dict)
    first_seen: dict[str, float] = field(default_factory=dict)

    def find(self) -> tuple[Report, list[Visit]]:
        """The sites that have holes now, as a report in which nothing has been done, and as visits to be made.

        Raises:
            ServerError: the hub does not answer.
        """
        now = self.clocks.now()
        whole = now - self._looked_at_all >= _WHOLE
        found = survey(
            self.client,
            self.paces,
            now=now,
            look_back=self.look_back - _RESERVE,
            known=self._with_holes,
            before=None if whole else self._looked,
        )
        self._looked, self._with_holes = now, frozenset(found.holes)
        if whole:
            self._looked_at_all = now
        self.journal.forget(before=int(1000 * (now - self.look_back)))
        visits = []
        for site, holes in found.holes.items():
            left = subtract(holes, self.journal.settled(site), threshold=self.paces[site].threshold)
            if left:
                visits.append(Visit(site=self.sites[site], tempo=self.paces[site], holes=left))
        self.meters.surveyed({one.site.id: seconds(one.holes) for one in visits}, dark=len(found.dark), at=now)
        report = Report(
            pulled=found.pulled,
            dark=found.dark,
            resting=(),
            outcomes=tuple(visit.outcome() for visit in visits),
        )
        return report, visits

    def run_once(self) -> Report:
        """One pass: find, and fill.

        Raises:
            ServerError: the hub does not answer, or does not take what is written.
        """
        report, visits = self.find()
        began = self.clocks.monotonic()
        known = {visit.site.id for visit in visits}
        self.first_seen = {site: self.first_seen.get(site, began) for site in known}
        due = [visit for visit in visits if self._resting.get(visit.site.id, began) <= began]
        outcomes = self._fill(due, until=began + self.longest)
        self.journal.save()
        return Report(
            pulled=report.pulled,
            dark=report.dark,
            resting=tuple(sorted(known - {visit.site.id for visit in due})),
            outcomes=tuple(sorted(outcomes, key=lambda one: one.site)),
        )

    def run(self, every: float) -> None:
        """Pass after pass, ``every`` seconds or as long as one takes, until told to stop."""
        while not self.stop.is_set():
            began = self.clocks.monotonic()
            try:
                report = self.run_once()
            except ServerError as error:
                self.meters.failed(Reason.HUB)
                log.error("%s", error)  # noqa: TRY400 - it is meant for people; no traceback says more
            else:
                for one in report.outcomes:
                    if one.fault:
                        log.warning("%s: %s; tried again later", one.site, one.fault)
                    elif one.filled or one.empty:
                        log.info(
                            "%s: filled %.0f s with %d samples; the site has nothing of %.0f s",
                            one.site,
                            seconds(one.filled),
                            one.samples,
                            seconds(one.empty),
                        )
            self.stop.wait(max(0.0, began + every - self.clocks.monotonic()))

    def _fill(self, visits: Sequence[Visit], *, until: float) -> list[Outcome]:
        if not visits:
            return []
        turn = _Turn(self, visits, until=until)
        threads = [
            threading.Thread(target=turn.work, name=f"backfill-{number}")
            for number in range(min(self.workers, len(visits)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if turn.error:
            self.journal.save()
            raise turn.error
        return [turn.done.get(visit.site.id) or self.conclude(visit) for visit in visits]

    def conclude(self, visit: Visit) -> Outcome:
        """Book what became of a site."""
        outcome = visit.outcome()
        site = outcome.site
        if outcome.fault:
            self._failures[site] = self._failures.get(site, 0) + 1
            self._resting[site] = self.clocks.monotonic() + rest(self._failures[site], site)
        else:
            self._failures.pop(site, None)
            self._resting.pop(site, None)
        self.journal.settle(site, filled=outcome.filled, empty=outcome.empty)
        self.gates.forget(visit.site)
        self.meters.visited(outcome)
        return outcome


class _Turn:
    """One pass over visits, by several threads."""

    def __init__(self, owner: Backfill, visits: Sequence[Visit], *, until: float) -> None:
        self.error: Exception | None = None
        self.done: dict[str, Outcome] = {}
        self._owner = owner
        self._until = until
        clock = owner.clocks.monotonic
        limits = owner.limits
        self._samples = Bucket(limits.samples, clock)
        self._bytes = Bucket(limits.bytes, clock)
        self._of_site = {
            visit.site.id: (
                Bucket(limits.site_samples, clock),
                Bucket(limits.site_bytes, clock),
                Bucket(limits.site_questions, clock),
            )
            for visit in visits
        }
        self._rota = Rota(clock=clock, stopping=self._is_over)
        self._lock = threading.Lock()
        self._windows = sum(visit.to_go for visit in visits)
        self._windows_done = self._samples_done = 0
        for visit in visits:
            self._rota.add(visit, owner.first_seen[visit.site.id] + owner.spread * share(visit.site.id))

    def work(self) -> None:
        """Take visits and do one window of each, until none is left."""
        while visit := self._rota.take():
            try:
                self._advance(visit)
            except Exception as error:  # noqa: BLE001 - raised again by the thread that waits for this one
                if not isinstance(error, Stopped):
                    self.error = self.error or error
                self._rota.close()
                return

    def _advance(self, visit: Visit) -> None:
        try:
            wait = self._step(visit)
        except SiteFault as fault:
            wait = _put_off(visit, fault)
        if visit.next is None or visit.fault:
            outcome = self._owner.conclude(visit)
            with self._lock:
                self.done[visit.site.id] = outcome
            self._rota.finish()
        else:
            self._rota.put_back(visit, self._owner.clocks.monotonic() + wait)

    def _step(self, visit: Visit) -> float:
        """Fill the next window of ``visit``; gives the seconds that its site is to be left alone."""
        owner, window = self._owner, visit.next
        if window is None:
            return 0.0
        if window.span.before <= 1000 * (owner.clocks.now() - owner.look_back):
            visit.skip()
            return 0.0
        admitted, size = owner.gates.read(visit.site, window)
        written = owner.receiver.write(admitted.series)
        visit.note(admitted, written)
        owner.meters.wrote(written.samples, written.refused, size)
        with self._lock:
            self._windows_done += 1
            self._samples_done += written.samples
            progress = Progress(windows=self._windows_done, of=self._windows, samples=self._samples_done)
        owner.progress(progress)
        if owner.stop.wait(max(self._samples.spend(written.samples), self._bytes.spend(size))):
            raise Stopped
        spent = (written.samples, size, 1)
        return max(bucket.spend(one) for bucket, one in zip(self._of_site[visit.site.id], spent, strict=True))

    def _is_over(self) -> bool:
        return self._owner.stop.is_set() or self._owner.clocks.monotonic() >= self._until


def _put_off(visit: Visit, fault: SiteFault) -> float:
    """The seconds until the same window is asked for again; 0 with the fault noted, if it is not."""
    if fault.reason is Reason.BUSY and visit.busy < _BUSY:
        visit.busy += 1
        return patience(visit.busy)
    visit.fault, visit.reason = str(fault), fault.reason
    return 0.0

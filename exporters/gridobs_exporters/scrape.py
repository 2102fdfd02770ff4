"""The frame around collectors: a failing or hung collector costs its own series and shows that it does."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gridobs_exporters.metric import Metric, Samples
from gridobs_exporters.names import exporter as names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from prometheus_client.core import Metric as Family

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.pages import Route

log = logging.getLogger(__name__)

MAX_SERIES = 2000  # of one collector


ONLY = ""  # the target of a collector that has one and needs no name for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a collector read in one scrape.

    ``up`` says of each target whether it answers, ``complete`` that nothing which should be there is missing. A
    target that is down is a reading, not an exception.
    """

    up: Mapping[str, bool]
    complete: bool
    samples: Samples = field(default_factory=Samples)


class Collector(ABC):
    """One source of series.

    ``name`` is the ``<name>`` of ``--collector.<name>`` and of every ``gridobs_<name>_*`` series. ``up`` has a series
    for each of ``targets``, with it as the only label, or without a label for the target ``ONLY``. ``start`` and
    ``stop`` own background threads and return at once. ``collect`` is called by one thread at a time and must set its
    own timeouts; the frame only stops waiting for it. ``routes`` are pages served besides, from before ``start``.
    """

    name: str
    up: Metric
    targets: Sequence[str] = (ONLY,)

    def start(self) -> None:  # noqa: B027 - most have nothing in the background
        """Start what runs in the background."""

    def stop(self) -> None:  # noqa: B027 - as above
        """End it."""

    def routes(self) -> Sequence[Route]:
        return ()

    @abstractmethod
    def collect(self) -> Reading: ...


class _Run:
    """One call of ``collect`` in its own thread; concurrent scrapes wait for the same call."""

    def __init__(self, collector: Collector, clock: Clock) -> None:
        self.began = clock.monotonic()
        self.seconds: float | None = None
        self.reading: Reading | None = None
        self.error: Exception | None = None
        self.done = threading.Event()
        self._collector = collector
        self._clock = clock
        threading.Thread(target=self._call, name=f"collect-{collector.name}", daemon=True).start()

    def _call(self) -> None:
        try:
            self.reading = self._collector.collect()  # all or nothing: no half-read family escapes
        except Exception as error:  # noqa: BLE001 - the scrape must survive any collector; the scraper logs it
            self.error = error
        finally:
            self.seconds = self._clock.monotonic() - self.began
            self.done.set()


class Scraper:
    """Runs collectors side by side and reports on each of them."""

    def __init__(
        self,
        collectors: Sequence[Collector],
        *,
        version: str,
        clock: Clock,
        limits: Mapping[str, int] | None = None,
    ) -> None:
        """``limits`` bound the samples of a collector by its name; the others have ``MAX_SERIES``."""
        self._collectors: Mapping[str, Collector] = {collector.name: collector for collector in collectors}
        self.version = version
        self._clock = clock
        self._limits = dict.fromkeys(self._collectors, MAX_SERIES) | dict(limits or {})
        self._lock = threading.Lock()
        self._running: dict[str, _Run] = {}
        self._last_success = dict.fromkeys(self._collectors, 0.0)
        self._dropped = dict.fromkeys(self._collectors, 0)
        self._wrong: dict[str, str | None] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._collectors)

    def routes(self) -> list[Route]:
        return [route for collector in self._collectors.values() for route in collector.routes()]

    def start(self) -> None:
        for collector in self._collectors.values():
            collector.start()

    def stop(self) -> None:
        for collector in self._collectors.values():
            collector.stop()

    def scrape(self, *, only: Collection[str] = (), timeout: float) -> Iterator[Family]:
        """The families of the collectors named in ``only`` (of all, if empty), read within ``timeout`` seconds.

        Raises:
            KeyError: If ``only`` names a collector that is not there.
        """
        chosen = [self._collectors[name] for name in sorted(only or self._collectors)]
        deadline = self._clock.monotonic() + timeout
        runs = [(collector, self._run(collector)) for collector in chosen]
        own = Samples()
        own.add(names.BUILD_INFO, 1, self.version)
        for collector, run in runs:
            run.done.wait(max(0.0, deadline - self._clock.monotonic()))
            finished = run.done.is_set()
            self._note(collector.name, run.error if finished else _hung(timeout))
            reading = run.reading if finished and run.reading else Reading(up={}, complete=False)
            families, dropped = reading.samples.families(self._limits[collector.name])
            self._dropped[collector.name] += dropped
            complete = reading.complete and not dropped
            if complete:
                self._last_success[collector.name] = self._clock.wall()
            seconds = self._clock.monotonic() - run.began if run.seconds is None else run.seconds
            own.add(names.COLLECTOR_SUCCESS, complete, collector.name)
            own.add(names.COLLECTOR_DURATION, seconds, collector.name)
            own.add(names.COLLECTOR_LAST_SUCCESS, self._last_success[collector.name], collector.name)
            own.add(names.COLLECTOR_DROPPED, self._dropped[collector.name], collector.name)
            yield from _up(collector, reading)
            yield from families
        yield from own.families()[0]

    def _run(self, collector: Collector) -> _Run:
        """Join the call that is under way, so that a hung collector holds one thread however often it is scraped."""
        with self._lock:
            run = self._running.get(collector.name)
            if run is None or run.done.is_set():
                run = self._running[collector.name] = _Run(collector, self._clock)
            return run

    def _note(self, name: str, error: Exception | None) -> None:
        """Log what is wrong with a collector once, not at every scrape."""
        wrong = repr(error) if error else None
        with self._lock:
            changed = wrong != self._wrong.get(name)
            self._wrong[name] = wrong
        if changed and error:
            log.error("collector %s gives nothing: %s", name, error, exc_info=error if error.__traceback__ else None)
        elif changed:
            log.info("collector %s is whole again", name)


def _up(collector: Collector, reading: Reading) -> list[Family]:
    """Every target has its series, also when the collector said nothing."""
    samples = Samples()
    for target in collector.targets:
        samples.add(collector.up, reading.up.get(target, False), *([target] if collector.up.labels else []))
    return samples.families()[0]


def _hung(timeout: float) -> TimeoutError:
    return TimeoutError(f"no answer within {timeout:g} s")

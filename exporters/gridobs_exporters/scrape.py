"""The frame around collectors: a failing or hung collector costs its own series and shows that it does."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from prometheus_client.core import GaugeMetricFamily

from gridobs_exporters import names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from prometheus_client.core import Metric

    from gridobs_exporters.clock import Clock

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a collector read in one scrape.

    ``up`` says that the target answers, ``complete`` that nothing which should be there is missing. A target that is
    down is a reading (``up`` false), not an exception.
    """

    up: bool
    complete: bool
    families: Sequence[Metric] = ()


class Collector(Protocol):
    """One source of series.

    ``name`` is the ``<name>`` of ``--collector.<name>`` and of every ``gridobs_<name>_*`` series. ``start`` and
    ``stop`` own background threads and return at once. ``collect`` is called by one thread at a time and must set its
    own timeouts; the frame only stops waiting for it.
    """

    name: str
    up_help: str

    def start(self) -> None: ...

    def stop(self) -> None: ...

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

    def __init__(self, collectors: Sequence[Collector], *, version: str, clock: Clock) -> None:
        self._collectors: Mapping[str, Collector] = {collector.name: collector for collector in collectors}
        self._version = version
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[str, _Run] = {}
        self._last_success = dict.fromkeys(self._collectors, 0.0)
        self._wrong: dict[str, str | None] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._collectors)

    def start(self) -> None:
        for collector in self._collectors.values():
            collector.start()

    def stop(self) -> None:
        for collector in self._collectors.values():
            collector.stop()

    def scrape(self, *, only: Collection[str] = (), timeout: float) -> Iterator[Metric]:
        """The families of the collectors named in ``only`` (of all, if empty), read within ``timeout`` seconds.

        Raises:
            KeyError: If ``only`` names a collector that is not there.
        """
        chosen = [self._collectors[name] for name in sorted(only or self._collectors)]
        deadline = self._clock.monotonic() + timeout
        runs = [(collector, self._run(collector)) for collector in chosen]
        build = GaugeMetricFamily(names.EXPORTER_BUILD_INFO, "Version of this exporter.", labels=["version"])
        build.add_metric([self._version], 1)
        yield build
        success = GaugeMetricFamily(
            names.COLLECTOR_SUCCESS, "Whether the collector read all of its target in time.", labels=["collector"]
        )
        seconds = GaugeMetricFamily(
            names.COLLECTOR_DURATION, "How long the collector took, or was waited for.", labels=["collector"]
        )
        latest = GaugeMetricFamily(
            names.COLLECTOR_LAST_SUCCESS, "When the collector last succeeded; 0 is never.", labels=["collector"]
        )
        for collector, run in runs:
            run.done.wait(max(0.0, deadline - self._clock.monotonic()))
            finished = run.done.is_set()
            self._note(collector.name, run.error if finished else _hung(timeout))
            reading = run.reading if finished and run.reading else Reading(up=False, complete=False)
            if reading.complete:
                self._last_success[collector.name] = self._clock.wall()
            label = [collector.name]
            success.add_metric(label, reading.complete)
            seconds.add_metric(label, self._clock.monotonic() - run.began if run.seconds is None else run.seconds)
            latest.add_metric(label, self._last_success[collector.name])
            yield GaugeMetricFamily(names.up(collector.name), collector.up_help, value=reading.up)
            yield from reading.families
        yield from (success, seconds, latest)

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


def _hung(timeout: float) -> TimeoutError:
    return TimeoutError(f"no answer within {timeout:g} s")

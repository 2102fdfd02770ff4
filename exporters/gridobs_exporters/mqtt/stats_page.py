"""A broker's statistics page as a source: read over HTTP at a pace of its own, never by the scrape."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs_exporters.changelog import ChangeLog
from gridobs_exporters.fetch import FetchError, StatusError
from gridobs_exporters.mqtt.source import Source
from gridobs_exporters.names import mqtt as names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.fetch import Fetcher
    from gridobs_exporters.metric import Samples
    from gridobs_exporters.mqtt.tables.page import Table, Value

log = logging.getLogger(__name__)

READINGS_MISSED = 3  # intervals without a reading after which nothing the broker said is believed
LARGEST = 4 * 2**20  # bytes of a page; an EMQX of three nodes sends a tenth of it
MOST_LINES = 2000  # of a page, once chosen: a fifth of a second of parsing
_FAILURES = ("no_answer", "status", "no_statistics")
_LINES = "statistics"  # what unparseable lines are counted under


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsSettings:
    """``path`` follows the fetcher's address, with its query; ``interval`` in seconds."""

    table: Table
    fetcher: Fetcher
    path: str
    interval: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    values: Sequence[Value]
    at: float  # monotonic, when it was whole
    took: float  # seconds


class _UnusableError(Exception):
    """The page came but is not what this kind of broker sends."""


class StatsPage(Source):
    """Reads while the monitor is connected, and at once when it comes to be."""

    def __init__(self, settings: StatsSettings, *, name: str, clock: Clock) -> None:
        """``name`` is the broker's, for the log."""
        self._settings = settings
        self._name = name
        self._clock = clock
        self._lock = threading.Lock()
        self._since: float | None = None
        self._reading: _Reading | None = None
        self._last_wall = 0.0
        self._bad_lines = 0
        self._failures = Counter(dict.fromkeys(_FAILURES, 0))
        self._log = ChangeLog(log)
        self._stopping = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt-stats", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()

    def connected(self) -> None:
        with self._lock:
            self._since, self._reading = self._clock.monotonic(), None
        self._wake.set()

    def disconnected(self) -> None:
        with self._lock:
            self._since = self._reading = None

    def add_to(self, samples: Samples, broker: str) -> bool:
        with self._lock:
            reading, last_wall, bad_lines = self._reading, self._last_wall, self._bad_lines
            failures = sorted(self._failures.items())
        samples.add(names.LAST_HEARTBEAT, last_wall, broker)
        samples.add(names.UNPARSEABLE, bad_lines, broker, _LINES)
        for reason, times in failures:
            samples.add(names.STATS_FAILURES, times, broker, reason)
        oldest = self._clock.monotonic() - READINGS_MISSED * self._settings.interval
        if reading is None or reading.at < oldest:
            return False
        samples.add(names.STATS_DURATION, reading.took, broker)
        for metric, labels, value in reading.values:
            samples.add(metric, value, broker, *labels)
        return True

    def read_once(self) -> None:
        """One reading, if the monitor is connected. Never raises."""
        with self._lock:
            since = self._since
        if since is None:
            return
        began = self._clock.monotonic()
        reason = "no_answer"
        try:
            values, bad = self._fetch()
        except StatusError as error:
            reason, text = "status", f"{error}; check username, password_file or token_file below stats"
        except FetchError as error:
            text = str(error)
        except _UnusableError as error:
            reason, text = "no_statistics", str(error)
        except Exception as error:  # the reader must outlive whatever a peer sends
            log.debug("statistics of %s", self._name, exc_info=True)
            reason, text = "no_statistics", repr(error)
        else:
            self._keep(values, bad, began=began, since=since)
            self._log.say(logging.INFO, f"statistics of {self._name} are read")
            return
        with self._lock:
            self._failures[reason] += 1
        self._log.say(logging.WARNING, f"statistics of {self._name} cannot be read: {text}")

    def _fetch(self) -> tuple[list[Value], int]:
        settings = self._settings
        with settings.fetcher.stream(settings.path, largest=LARGEST) as chunks:
            lines = settings.table.choose(chunks)
        if len(lines) > MOST_LINES:
            raise _UnusableError(f"{settings.path}: {len(lines)} lines of statistics; ask one node, not all")
        values, bad = settings.table.read(lines)
        if not values:
            raise _UnusableError(f"{settings.path} has no statistics of this kind of broker; check kind and url")
        return values, bad

    def _keep(self, values: list[Value], bad: int, *, began: float, since: float) -> None:
        now, wall = self._clock.monotonic(), self._clock.wall()
        with self._lock:
            self._bad_lines += bad
            if self._since == since:  # else it is of a broker that has been lost since
                self._reading = _Reading(values=values, at=now, took=now - began)
                self._last_wall = wall

    def _run(self) -> None:
        while not self._stopping:
            began = self._clock.monotonic()
            self._wake.clear()
            self.read_once()
            self._wake.wait(max(0.0, began + self._settings.interval - self._clock.monotonic()))

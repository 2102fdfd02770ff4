"""``PRAGMA quick_check`` on its own schedule: too dear for a scrape, too telling to leave out."""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs_exporters.names import pipeline as names
from gridobs_exporters.pipeline.background import Periodic
from gridobs_exporters.pipeline.store import StoreChangedError, error_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.metric import Samples
    from gridobs_exporters.pipeline.store import Store

log = logging.getLogger(__name__)

_LOOK = 0.02  # seconds between looks at the time while a check runs


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """Unix seconds of the latest check and of the latest that found no fault, 0 for never; and what it took."""

    last_run: float = 0.0
    last_ok: float = 0.0
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSettings:
    """Seconds. A check that takes longer than ``timeout`` is broken off: while it reads, the WAL cannot shrink."""

    interval: float
    timeout: float


class QuickCheck:
    """Checks the store at once and then at every interval."""

    def __init__(
        self, store: Store, settings: CheckSettings, *, clock: Clock, failed: Callable[[sqlite3.Error], None]
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._failed = failed
        self._periodic = Periodic("pipeline-check", self.check, interval=settings.interval, clock=clock)
        self.report = CheckReport()

    def start(self) -> None:
        self._periodic.start()

    def stop(self) -> None:
        self._periodic.stop()

    def check(self) -> bool:
        """Check once; False if no check could be made. The store's faults are in the report."""
        began = self._clock.monotonic()
        try:
            with self._store.reading() as connection, self._interruptible(connection):
                fault = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        except StoreChangedError:
            return False
        except sqlite3.Error as error:
            if self._periodic.stopped.is_set():
                return False
            self._failed(error)
            if not error_name(error).startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
                return self._broken_off(error)
            fault = str(error)
        now = self._clock.wall()
        self.report = CheckReport(
            last_run=now,
            last_ok=now if fault == "ok" else self.report.last_ok,
            seconds=self._clock.monotonic() - began,
        )
        if fault != "ok":
            log.error("quick_check of %s found a fault: %s; restore the store from a copy", self._store, fault)
        return True

    def add_to(self, samples: Samples, store: str) -> None:
        report = self.report
        samples.add(names.CHECK_INTERVAL, self._settings.interval, store)
        samples.add(names.CHECK_LAST_RUN, report.last_run, store)
        samples.add(names.CHECK_LAST_OK, report.last_ok, store)
        if report.seconds is not None:
            samples.add(names.CHECK_DURATION, report.seconds, store)

    @contextmanager
    def _interruptible(self, connection: sqlite3.Connection) -> Iterator[None]:
        """Until the time is up or this process stops."""
        done = threading.Event()
        began = self._clock.monotonic()

        def watch() -> None:
            while not done.wait(_LOOK):
                if self._periodic.stopped.is_set() or self._clock.monotonic() - began > self._settings.timeout:
                    connection.interrupt()  # again and again: it has no effect on what has yet to begin

        watching = threading.Thread(target=watch, name="quick-check-time", daemon=True)
        watching.start()
        try:
            yield
        finally:
            done.set()
            watching.join()

    def _broken_off(self, error: sqlite3.Error) -> bool:
        """Whether the check was broken off, which trying again at once would not mend."""
        broken_off = error_name(error) == "SQLITE_INTERRUPT"
        if broken_off:
            log.warning(
                "quick_check of %s took over %g s and was broken off; give it a longer quick_check_timeout or none",
                self._store,
                self._settings.timeout,
            )
        return broken_off

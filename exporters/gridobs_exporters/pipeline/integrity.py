"""``PRAGMA quick_check`` on its own schedule: too dear for a scrape, too telling to leave out."""

from __future__ import annotations

import logging
import sqlite3
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs_exporters.pipeline.store import WriterCameError, error_name, reading

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gridobs_exporters.clock import Clock

log = logging.getLogger(__name__)

_RETRY = 60.0  # seconds until a check that could not be made is tried again


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """Unix seconds of the latest check and of the latest that found no fault, 0 for never; and what it took."""

    last_run: float = 0.0
    last_ok: float = 0.0
    seconds: float | None = None


class QuickCheck:
    """Checks ``path`` at once and then every ``interval`` seconds, from a thread of its own."""

    def __init__(self, path: Path, *, interval: float, clock: Clock, failed: Callable[[sqlite3.Error], None]) -> None:
        self._path = path
        self._interval = interval
        self._clock = clock
        self._failed = failed
        self._report = CheckReport()
        self._connection: sqlite3.Connection | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pipeline-check", daemon=True)

    @property
    def report(self) -> CheckReport:
        return self._report

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if connection := self._connection:
            connection.interrupt()
        self._thread.join(timeout=1.0)

    def check(self) -> bool:
        """Check once; False if no check could be made. The store's faults are in the report."""
        began = self._clock.monotonic()
        try:
            with reading(self._path) as connection:
                self._connection = connection
                try:
                    fault = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
                finally:
                    self._connection = None
        except WriterCameError:
            return False
        except sqlite3.Error as error:
            if self._stop.is_set():
                return False
            self._failed(error)
            if not error_name(error).startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
                return False
            fault = str(error)
        now = self._clock.wall()
        self._report = CheckReport(
            last_run=now,
            last_ok=now if fault == "ok" else self._report.last_ok,
            seconds=self._clock.monotonic() - began,
        )
        if fault != "ok":
            log.error("quick_check of %s found a fault: %s; restore the store from a copy", self._path, fault)
        return True

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                made = self.check()
            except Exception:  # the thread must outlive whatever the file system does
                log.exception("quick_check of %s", self._path)
                made = False
            self._stop.wait(self._interval if made else min(self._interval, _RETRY))

"""The ``pipeline`` collector: health and progress of the SQLite store a processor writes.

The schema it reads is a contract with the processor: docs/exporters.md.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from gridobs_exporters import names
from gridobs_exporters.pipeline.integrity import QuickCheck
from gridobs_exporters.pipeline.store import StoreFacts, error_name, read_store
from gridobs_exporters.scrape import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from prometheus_client.core import Metric

    from gridobs_exporters.clock import Clock

log = logging.getLogger(__name__)

BACKLOG_BELIEVED = 60.0  # seconds after which what the processor last said of its backlog says nothing
_FILES = {"main": "", "wal": "-wal", "shm": "-shm"}
# There from the start, so that rate() sees the first of them.
_USUAL_ERRORS = ("SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_ERROR", "SQLITE_IOERR", "SQLITE_NOTADB")


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineSettings:
    """``quick_check_interval`` in seconds; 0 for no check."""

    store: Path
    quick_check_interval: float


class PipelineCollector:
    """Opens the store for each scrape and lets go of it."""

    name = "pipeline"
    up_help = "Whether the store could be read."

    def __init__(self, settings: PipelineSettings, *, clock: Clock) -> None:
        self._path = settings.store
        self._clock = clock
        self._errors: Counter[str] = Counter(dict.fromkeys(_USUAL_ERRORS, 0))
        self._lock = threading.Lock()
        self._said: str | None = None
        self._check = (
            QuickCheck(self._path, interval=settings.quick_check_interval, clock=clock, failed=self._count)
            if settings.quick_check_interval
            else None
        )

    def start(self) -> None:
        if self._check:
            self._check.start()

    def stop(self) -> None:
        if self._check:
            self._check.stop()

    def collect(self) -> Reading:
        families: list[Metric] = [*self._file_families(), *self._check_families()]
        facts: StoreFacts | None = None
        try:
            facts = read_store(self._path)
        except sqlite3.Error as error:
            self._count(error)
            self._say(f"cannot read the store {self._path}: {error} ({error_name(error)})")
        else:
            with self._lock:
                self._errors.update(facts.errors)
            families += self._store_families(facts)
            families += self._progress_families(facts)
            self._say(f"the store {self._path} lacks tables: see docs/exporters.md" if facts.errors else None)
        errors = CounterMetricFamily(names.PIPELINE_ERRORS, "Reads of the store that failed.", labels=["code"])
        with self._lock:
            for code, times in sorted(self._errors.items()):
                errors.add_metric([code], times)
        return Reading(
            up=facts is not None, complete=facts is not None and not facts.errors, families=[*families, errors]
        )

    def _file_families(self) -> Iterator[Metric]:
        sizes = GaugeMetricFamily(names.PIPELINE_STORE_BYTES, "Size of each file of the store.", labels=["file"])
        for label, suffix in _FILES.items():
            try:
                sizes.add_metric([label], self._path.with_name(self._path.name + suffix).stat().st_size)
            except OSError:
                continue  # a file that is not there has no size
        yield sizes
        try:
            disk = os.statvfs(self._path.parent)
        except OSError:
            return
        yield GaugeMetricFamily(
            names.PIPELINE_FILESYSTEM_AVAILABLE,
            "Bytes an unprivileged writer can still use where the store lies.",
            value=disk.f_bavail * disk.f_frsize,
        )
        yield GaugeMetricFamily(
            names.PIPELINE_FILESYSTEM_SIZE,
            "Size of the file system where the store lies.",
            value=disk.f_blocks * disk.f_frsize,
        )

    def _check_families(self) -> Iterator[Metric]:
        if not self._check:
            return
        report = self._check.report
        yield GaugeMetricFamily(
            names.PIPELINE_CHECK_LAST_RUN, "When quick_check last ended; 0 is never.", value=report.last_run
        )
        yield GaugeMetricFamily(
            names.PIPELINE_CHECK_LAST_OK, "When quick_check last found no fault; 0 is never.", value=report.last_ok
        )
        if report.seconds is not None:
            yield GaugeMetricFamily(
                names.PIPELINE_CHECK_DURATION, "How long the latest quick_check took.", value=report.seconds
            )

    def _store_families(self, facts: StoreFacts) -> Iterator[Metric]:
        info = GaugeMetricFamily(
            names.PIPELINE_STORE_INFO, "How the store is kept.", labels=["journal_mode", "user_version"]
        )
        info.add_metric([facts.journal_mode, str(facts.user_version)], 1)
        yield info
        yield GaugeMetricFamily(names.PIPELINE_STORE_PAGES, "Pages, the free ones included.", value=facts.pages)
        yield GaugeMetricFamily(names.PIPELINE_STORE_FREE_PAGES, "Pages that hold nothing.", value=facts.free_pages)
        yield GaugeMetricFamily(names.PIPELINE_STORE_PAGE_SIZE, "Size of a page.", value=facts.page_size)

    def _progress_families(self, facts: StoreFacts) -> Iterator[Metric]:
        record, backlog = facts.record, facts.backlog
        yield GaugeMetricFamily(
            names.PIPELINE_RECORDS,
            "Records stored, as the highest id: rows are only added.",
            value=record.number if record else 0,
        )
        if record:
            yield GaugeMetricFamily(
                names.PIPELINE_NEWEST_EVENT,
                "Newest event time among the records stored last.",
                value=record.newest_event_time,
            )
            yield GaugeMetricFamily(
                names.PIPELINE_LAG,
                "From event to store, of the record stored last.",
                value=record.stored_at - record.event_time,
            )
        commits = [record.stored_at] if record else []
        if backlog:
            commits.append(backlog.updated_at)
            if self._clock.wall() - backlog.updated_at <= BACKLOG_BELIEVED:
                yield GaugeMetricFamily(
                    names.PIPELINE_BACKLOG,
                    "Messages the processor held uncommitted at its last commit.",
                    value=backlog.messages,
                )
                if backlog.oldest is not None:
                    yield GaugeMetricFamily(
                        names.PIPELINE_BACKLOG_OLDEST,
                        "When the oldest uncommitted message was received.",
                        value=backlog.oldest,
                    )
        if commits:
            yield GaugeMetricFamily(
                names.PIPELINE_LAST_COMMIT, "When the processor last committed.", value=max(commits)
            )
        if facts.dead_letters is not None:
            yield GaugeMetricFamily(
                names.PIPELINE_DEAD_LETTERS,
                "Messages put aside, as the highest id: rows are only added.",
                value=facts.dead_letters,
            )

    def _count(self, error: sqlite3.Error) -> None:
        with self._lock:
            self._errors[error_name(error)] += 1

    def _say(self, problem: str | None) -> None:
        """Log a change for the worse or the better once, not at every scrape."""
        if problem != self._said:
            self._said = problem
            log.log(
                logging.WARNING if problem else logging.INFO, "%s", problem or f"the store {self._path} is readable"
            )

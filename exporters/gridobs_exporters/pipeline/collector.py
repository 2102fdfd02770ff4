"""The ``pipeline`` collector: health and progress of the SQLite store a processor writes.

The schema it reads is a contract with the processor: docs/exporters/pipeline.md.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs_exporters.metric import Samples
from gridobs_exporters.names import pipeline as names
from gridobs_exporters.pipeline.integrity import QuickCheck
from gridobs_exporters.pipeline.store import StoreFacts, error_name, read_store
from gridobs_exporters.scrape import Collector, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gridobs_exporters.clock import Clock

log = logging.getLogger(__name__)

BACKLOG_BELIEVED = 60.0  # seconds after which what the processor last said of its backlog says nothing
_FILES = {"main": "", "wal": "-wal", "shm": "-shm"}
# There from the start, so that rate() sees the first of them.
_USUAL_ERRORS = ("SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_ERROR", "SQLITE_IOERR", "SQLITE_NOTADB")


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineSettings:
    """One store. ``name`` is its label, ``quick_check_interval`` in seconds; 0 for no check."""

    name: str
    store: Path
    quick_check_interval: float


class PipelineCollector(Collector):
    """Opens each store for each scrape and lets go of it."""

    name = "pipeline"
    up = names.UP

    def __init__(self, stores: Sequence[PipelineSettings], *, clock: Clock) -> None:
        self.targets = tuple(settings.name for settings in stores)
        self._stores = [_Store(settings, clock=clock) for settings in stores]

    def start(self) -> None:
        for store in self._stores:
            store.start()

    def stop(self) -> None:
        for store in self._stores:
            store.stop()

    def collect(self) -> Reading:
        samples = Samples()
        facts = {store.name: store.add_to(samples) for store in self._stores}
        return Reading(
            up={name: found is not None for name, found in facts.items()},
            complete=all(found and not found.errors for found in facts.values()),
            samples=samples,
        )


class _Store:
    """One store, what went wrong with it, and its check."""

    def __init__(self, settings: PipelineSettings, *, clock: Clock) -> None:
        self.name = settings.name
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

    def add_to(self, samples: Samples) -> StoreFacts | None:
        """Add what is known of the store; its facts, if it could be read."""
        self._add_files(samples)
        self._add_check(samples)
        facts: StoreFacts | None = None
        try:
            facts = read_store(self._path)
        except sqlite3.Error as error:
            self._count(error)
            self._say(f"cannot read the store {self._path}: {error} ({error_name(error)})")
        else:
            with self._lock:
                self._errors.update(facts.errors)
            self._add_store(samples, facts)
            self._add_progress(samples, facts)
            self._say(
                f"the store {self._path} lacks tables: see docs/exporters/pipeline.md" if facts.errors else None
            )
        with self._lock:
            for code, times in sorted(self._errors.items()):
                samples.add(names.ERRORS, times, self.name, code)
        return facts

    def _add_files(self, samples: Samples) -> None:
        for label, suffix in _FILES.items():
            try:
                size = self._path.with_name(self._path.name + suffix).stat().st_size
            except OSError:
                continue  # a file that is not there has no size
            samples.add(names.STORE_BYTES, size, self.name, label)
        try:
            disk = os.statvfs(self._path.parent)
        except OSError:
            return
        samples.add(names.FILESYSTEM_AVAILABLE, disk.f_bavail * disk.f_frsize, self.name)
        samples.add(names.FILESYSTEM_SIZE, disk.f_blocks * disk.f_frsize, self.name)

    def _add_check(self, samples: Samples) -> None:
        if not self._check:
            return
        report = self._check.report
        samples.add(names.CHECK_LAST_RUN, report.last_run, self.name)
        samples.add(names.CHECK_LAST_OK, report.last_ok, self.name)
        if report.seconds is not None:
            samples.add(names.CHECK_DURATION, report.seconds, self.name)

    def _add_store(self, samples: Samples, facts: StoreFacts) -> None:
        samples.add(names.STORE_INFO, 1, self.name, facts.journal_mode, str(facts.user_version))
        samples.add(names.STORE_PAGES, facts.pages, self.name)
        samples.add(names.STORE_FREE_PAGES, facts.free_pages, self.name)
        samples.add(names.STORE_PAGE_SIZE, facts.page_size, self.name)

    def _add_progress(self, samples: Samples, facts: StoreFacts) -> None:
        record, backlog = facts.record, facts.backlog
        samples.add(names.RECORDS, record.number if record else 0, self.name)
        commits = []
        if record:
            samples.add(names.NEWEST_EVENT, record.newest_event_time, self.name)
            samples.add(names.LAG, record.stored_at - record.event_time, self.name)
            commits.append(record.stored_at)
        if backlog:
            commits.append(backlog.updated_at)
            if self._clock.wall() - backlog.updated_at <= BACKLOG_BELIEVED:
                samples.add(names.BACKLOG, backlog.messages, self.name)
                if backlog.oldest is not None:
                    samples.add(names.BACKLOG_OLDEST, backlog.oldest, self.name)
        if commits:
            samples.add(names.LAST_COMMIT, max(commits), self.name)
        if facts.dead_letters is not None:
            samples.add(names.DEAD_LETTERS, facts.dead_letters, self.name)

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

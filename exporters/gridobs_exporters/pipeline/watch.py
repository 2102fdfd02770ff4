"""One store: what a scrape reads of it, what went wrong, and what is checked beside the scrapes."""

from __future__ import annotations

import logging
import os
import random
import sqlite3
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs_exporters.changelog import ChangeLog
from gridobs_exporters.metric import Samples
from gridobs_exporters.names import pipeline as names
from gridobs_exporters.pipeline.accuracy import AccuracyCheck, AccuracySettings
from gridobs_exporters.pipeline.canary import METER, Canary, CanarySettings
from gridobs_exporters.pipeline.facts import DAMAGED, StoreFacts, read_store
from gridobs_exporters.pipeline.integrity import CheckSettings, QuickCheck
from gridobs_exporters.pipeline.patience import OneCall
from gridobs_exporters.pipeline.store import Store, error_name

if TYPE_CHECKING:
    from pathlib import Path

    from gridobs_exporters.clock import Clock

log = logging.getLogger(__name__)

BACKLOG_BELIEVED = 60.0  # seconds after which what the processor last said of its backlog says nothing
FEEDER_KNOWN = 86400.0  # seconds after which a feeder that is silent has been taken away
_FILES = {"main": "", "wal": "-wal", "shm": "-shm"}
_TIMEOUT = "TIMEOUT"
# There from the start, so that rate() sees the first of them.
_USUAL_ERRORS = (
    "SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_ERROR", "SQLITE_FULL", "SQLITE_INTERRUPT",
    "SQLITE_IOERR", "SQLITE_LOCKED", "SQLITE_NOTADB", "CHANGED", DAMAGED, _TIMEOUT,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """One store. ``name`` is its label; what is None is not done."""

    name: str
    path: Path
    check: CheckSettings | None = None
    accuracy: AccuracySettings | None = None
    canary: CanarySettings | None = None


class Watch:
    """Everything about one store."""

    def __init__(self, settings: StoreSettings, *, clock: Clock) -> None:
        self.name = settings.name
        self._clock = clock
        self._store = Store(settings.path)
        self._canary_meter = settings.canary.meter if settings.canary else METER
        self._errors: Counter[str] = Counter(dict.fromkeys(_USUAL_ERRORS, 0))
        self._lock = threading.Lock()
        self._log = ChangeLog(log)
        self._reading = OneCall(f"pipeline-{settings.name}", self._read)
        self._resident: list[QuickCheck | AccuracyCheck | Canary] = []
        if settings.check:
            self._resident.append(QuickCheck(self._store, settings.check, clock=clock, failed=self._failed))
        if settings.accuracy:
            rng = random.Random()  # noqa: S311 - which samples are checked is no secret
            self._resident.append(
                AccuracyCheck(self._store, settings.accuracy, clock=clock, rng=rng, failed=self._failed)
            )
        if settings.canary:
            self._resident.append(Canary(self._store, settings.canary, clock=clock))

    def start(self) -> None:
        for one in self._resident:
            one.start()

    def stop(self) -> None:
        for one in self._resident:
            one.stop()

    def begin(self) -> None:
        """Start reading."""
        self._reading.begin()

    def add_to(self, samples: Samples, *, timeout: float) -> StoreFacts | None:
        """Add what is known of the store; its facts, if it can be read within ``timeout`` seconds."""
        for one in self._resident:
            one.add_to(samples, self.name)
        facts: StoreFacts | None = None
        try:
            facts, read = self._reading.result(timeout)
        except TimeoutError:
            self._count(_TIMEOUT)
            self._log.say(logging.WARNING, f"cannot read the store {self._store}: its file system does not answer")
        else:
            samples.update(read)
        with self._lock:
            for code, times in sorted(self._errors.items()):
                samples.add(names.ERRORS, times, self.name, code)
        return facts

    def _read(self) -> tuple[StoreFacts | None, Samples]:
        samples = Samples()
        self._add_files(samples)
        try:
            facts = read_store(self._store, canary=self._canary_meter)
        except sqlite3.Error as error:
            self._failed(error)
            self._log.say(logging.WARNING, f"cannot read the store {self._store}: {error} ({error_name(error)})")
            return None, samples
        self._count(*facts.errors)
        self._add_store(samples, facts)
        self._add_progress(samples, facts)
        self._add_waiting(samples, facts)
        if facts.errors:
            self._log.say(
                logging.WARNING, f"the store {self._store} lacks tables or values: {', '.join(facts.errors)}"
            )
        else:
            self._log.say(logging.INFO, f"the store {self._store} is readable")
        return facts, samples

    def _add_files(self, samples: Samples) -> None:
        for label, suffix in _FILES.items():
            try:
                size = self._store.beside(suffix).stat().st_size
            except OSError:
                continue  # a file that is not there has no size
            samples.add(names.STORE_BYTES, size, self.name, label)
        try:
            disk = os.statvfs(self._store.path.parent)
        except OSError:
            return
        samples.add(names.FILESYSTEM_AVAILABLE, disk.f_bavail * disk.f_frsize, self.name)
        samples.add(names.FILESYSTEM_SIZE, disk.f_blocks * disk.f_frsize, self.name)

    def _add_store(self, samples: Samples, facts: StoreFacts) -> None:
        samples.add(names.STORE_INFO, 1, self.name, facts.journal_mode, str(facts.user_version))
        samples.add(names.STORE_PAGES, facts.pages, self.name)
        samples.add(names.STORE_FREE_PAGES, facts.free_pages, self.name)
        samples.add(names.STORE_PAGE_SIZE, facts.page_size, self.name)
        if frames := self._store.wal_frames():
            samples.add(names.WAL_FRAMES, frames.held, self.name)
            samples.add(names.WAL_PENDING, frames.pending, self.name)

    def _add_progress(self, samples: Samples, facts: StoreFacts) -> None:
        samples.add(names.RECORDS, facts.newest_id, self.name)
        if records := facts.records:
            samples.add(names.NEWEST_EVENT, records.newest_event_time, self.name)
            samples.add(names.OLDEST_EVENT, records.oldest_event_time, self.name)
            samples.add(names.RECENT, records.recent, self.name)
            samples.add(names.RECENT_LATE, records.late, self.name)
            samples.add(names.LAG, records.stored_at - records.event_time, self.name)
        elif facts.newest_id and not facts.errors:
            samples.add(names.NEWEST_EVENT, 0, self.name)
        for feeder, minute in facts.feeder_minutes.items():
            if self._clock.wall() - 60 * minute <= FEEDER_KNOWN and feeder != self._canary_meter:
                samples.add(names.FEEDER_NEWEST, 60 * minute, self.name, feeder)
        if commits := [known.stored_at for known in (facts.records, facts.backlog) if known]:
            samples.add(names.LAST_COMMIT, max(commits), self.name)

    def _add_waiting(self, samples: Samples, facts: StoreFacts) -> None:
        backlog = facts.backlog
        if backlog and self._clock.wall() - backlog.stored_at <= BACKLOG_BELIEVED:
            samples.add(names.BACKLOG, backlog.messages, self.name)
            if backlog.oldest is not None:
                samples.add(names.BACKLOG_OLDEST, backlog.oldest, self.name)
        if facts.dead_letters is not None:
            samples.add(names.DEAD_LETTERS, facts.dead_letters, self.name)
        for reason, number in sorted(facts.dead_letter_reasons.items()):
            samples.add(names.DEAD_LETTERS_RECENT, number, self.name, reason)

    def _failed(self, error: sqlite3.Error) -> None:
        self._count(error_name(error))

    def _count(self, *codes: str) -> None:
        with self._lock:
            self._errors.update(codes)

"""Stored samples re-read and held against the checksum their meter gave: what was right on its way in can rot."""

from __future__ import annotations

import logging
import sqlite3
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs_exporters.names import pipeline as names
from gridobs_exporters.pipeline.background import Periodic
from gridobs_exporters.pipeline.record import checksum
from gridobs_exporters.pipeline.store import StoreChangedError

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.metric import Samples
    from gridobs_exporters.pipeline.store import Store

log = logging.getLogger(__name__)

BOUNDS = "SELECT (SELECT MIN(id) FROM readings), (SELECT MAX(id) FROM readings)"
# The fields of a record in the order of its checksum.
NEWEST = """
    SELECT id, meter, feeder, seq, event_time, voltage, current, power, energy, checksum FROM readings
    WHERE id > ? ORDER BY id
"""
ANY = """
    SELECT id, meter, feeder, seq, event_time, voltage, current, power, energy, checksum FROM readings
    WHERE id >= ? ORDER BY id LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracySettings:
    """``samples`` of the newest and as many of all others are read at every ``interval``, in seconds."""

    interval: float
    samples: int


class AccuracyCheck:
    """Verifies what came since the last check, its newest part if that is much, and a random part of the rest."""

    def __init__(
        self,
        store: Store,
        settings: AccuracySettings,
        *,
        clock: Clock,
        rng: random.Random,
        failed: Callable[[sqlite3.Error], None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._rng = rng
        self._failed = failed
        self._seen = 0
        self._lock = threading.Lock()
        self._checked = 0
        self._incorrect = 0
        self._last_run = 0.0
        self._periodic = Periodic("pipeline-accuracy", self.check, interval=settings.interval, clock=clock)

    def start(self) -> None:
        self._periodic.start()

    def stop(self) -> None:
        self._periodic.stop()

    def check(self) -> bool:
        """Check once; False if the samples could not be read."""
        try:
            rows, newest = self._read()
        except StoreChangedError:
            return False
        except sqlite3.Error as error:
            self._failed(error)
            return False
        wrong = sorted(number for number, row in rows.items() if not is_correct(row))
        with self._lock:
            self._checked += len(rows)
            self._incorrect += len(wrong)
            self._last_run = self._clock.wall()
        self._seen = newest
        if wrong:
            log.error(
                "%d samples of %s are not what their meters sent, the first is id %s",
                len(wrong),
                self._store,
                wrong[0],
            )
        return True

    def add_to(self, samples: Samples, store: str) -> None:
        with self._lock:
            samples.add(names.SAMPLES_CHECKED, self._checked, store)
            samples.add(names.SAMPLES_INCORRECT, self._incorrect, store)
            samples.add(names.SAMPLES_LAST_RUN, self._last_run, store)

    def _read(self) -> tuple[dict[int, tuple[object, ...]], int]:
        """Rows by id, each once, and the highest id there is."""
        with self._store.reading() as connection:
            connection.text_factory = _text
            connection.execute("BEGIN")
            first, last = connection.execute(BOUNDS).fetchone()
            if last is None:
                return {}, 0
            if last < self._seen:  # another store has taken its place
                self._seen = 0
            newest_from = max(self._seen, last - self._settings.samples)
            rows = {row[0]: row[1:] for row in connection.execute(NEWEST, (newest_from,))}
            for start in self._starts(first, newest_from):
                rows |= {row[0]: row[1:] for row in connection.execute(ANY, (start,))}
        return rows, last

    def _starts(self, first: int, last: int) -> Iterator[int]:
        if first <= last:
            yield from (self._rng.randint(first, last) for _ in range(self._settings.samples))


def is_correct(row: tuple[object, ...]) -> bool:
    """Whether the values of ``FIELDS`` give the checksum behind them."""
    *values, claimed = row
    return claimed is not None and checksum(values) == claimed


def _text(content: bytes) -> str:
    """Text as it is, whatever it is: a flipped bit in a name is to be found, not to be stumbled over."""
    return content.decode("utf-8", "surrogateescape")

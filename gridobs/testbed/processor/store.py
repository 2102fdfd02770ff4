"""The edge store: readings, feeder minutes and dead letters in SQLite, a batch a transaction.

A batch is committed as a whole or not at all, aggregates included, so a crash between any two instructions neither
loses an acknowledged record nor counts one twice. ``synchronous=FULL``: a commit is on the disk before the broker is
told so.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs.testbed.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from gridobs.testbed.processor.validation import Rejected

_SCHEMA = """
CREATE TABLE IF NOT EXISTS readings (
  id INTEGER PRIMARY KEY, meter TEXT NOT NULL, seq INTEGER NOT NULL, feeder TEXT NOT NULL, event_time REAL NOT NULL,
  voltage REAL NOT NULL, current REAL NOT NULL, power REAL NOT NULL, energy REAL NOT NULL, checksum INTEGER NOT NULL,
  received_at REAL NOT NULL, stored_at REAL NOT NULL, UNIQUE (meter, seq));
CREATE TABLE IF NOT EXISTS feeder_minutes (
  feeder TEXT NOT NULL, minute INTEGER NOT NULL, records INTEGER NOT NULL, power_sum REAL NOT NULL,
  voltage_min REAL NOT NULL, voltage_max REAL NOT NULL, PRIMARY KEY (feeder, minute)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dead_letters (
  id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, topic TEXT NOT NULL, payload BLOB NOT NULL,
  reason TEXT NOT NULL, meter TEXT, seq INTEGER, received_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS pipeline_state (
  id INTEGER PRIMARY KEY CHECK (id = 1), backlog INTEGER NOT NULL, backlog_oldest REAL, updated_at REAL NOT NULL);
"""
_INSERT = (
    "INSERT INTO readings (meter, seq, feeder, event_time, voltage, current, power, energy, checksum, received_at,"
    " stored_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ADD_MINUTE = (
    "INSERT INTO feeder_minutes VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
    " records = records + excluded.records, power_sum = power_sum + excluded.power_sum,"
    " voltage_min = min(voltage_min, excluded.voltage_min), voltage_max = max(voltage_max, excluded.voltage_max)"
)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A payload that was refused, kept for a person to look at."""

    topic: str
    payload: bytes
    received_at: float
    rejected: Rejected

    @property
    def digest(self) -> bytes:
        """Identifies the message, so that a redelivered one is kept once."""
        return hashlib.blake2b(self.topic.encode() + b"\0" + self.payload, digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction stores.

    Attributes:
        readings: each with the Unix time it was received; none is in the store yet, none stands here twice.
        dead_letters: refused payloads; one that is already kept is ignored.
    """

    readings: Sequence[tuple[Reading, float]]
    dead_letters: Sequence[DeadLetter] = ()

    @property
    def state(self) -> tuple[int, float | None]:
        """How many records waited for this commit, and when the oldest of them was received."""
        received = [at for _, at in self.readings] + [dead.received_at for dead in self.dead_letters]
        return len(received), min(received, default=None)


@dataclass(frozen=True, slots=True)
class Committed:
    """What a transaction did.

    Attributes:
        ids: of its readings.
        store_seconds: all of it but the aggregates.
        aggregate_seconds: those.
        waited_seconds: of the former, for the write lock and for the disk, whatever the batch's size.
    """

    ids: range
    store_seconds: float
    aggregate_seconds: float
    waited_seconds: float


class StoreError(Exception):
    """SQLite refused; nothing of the batch is stored. ``code`` is its error name, such as ``SQLITE_FULL``."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        super().__init__(f"{text} ({code})")


class Store:
    """The one writer of a store. Not thread-safe: one thread, one store."""

    def __init__(self, path: Path, *, clock: Callable[[], float], stopwatch: Callable[[], float]) -> None:
        """Open or make the store.

        Args:
            path: the SQLite file.
            clock: Unix seconds.
            stopwatch: monotonic seconds.

        Raises:
            StoreError: it cannot be opened or is no store.
        """
        self._clock, self._stopwatch = clock, stopwatch
        with _translated():
            self._db = sqlite3.connect(path, isolation_level=None, timeout=5.0)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA cache_size = -65536")
            self._db.execute("PRAGMA wal_autocheckpoint = 0")  # Checkpointer does it, off the path of a record
            self._db.executescript(_SCHEMA)

    def known(self, keys: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
        """Those of the ``(meter, seq)`` pairs that are stored."""
        query = "SELECT 1 FROM readings WHERE meter = ? AND seq = ?"
        with _translated():
            return {key for key in keys if self._db.execute(query, key).fetchone()}

    def commit(self, batch: Batch) -> Committed:
        """Store a batch whole.

        Raises:
            StoreError: nothing of it is stored; try again.
        """
        with _translated():
            try:
                return self._commit(batch)
            except sqlite3.Error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _commit(self, batch: Batch) -> Committed:
        began = self._stopwatch()
        db, now = self._db, self._clock()
        db.execute("BEGIN IMMEDIATE")
        locked = self._stopwatch()
        (last,) = db.execute("SELECT coalesce(max(id), 0) FROM readings").fetchone()
        db.executemany(_INSERT, (_row(reading, received_at, now) for reading, received_at in batch.readings))
        db.executemany(
            "INSERT OR IGNORE INTO dead_letters (digest, topic, payload, reason, meter, seq, received_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            map(_dead_row, batch.dead_letters),
        )
        db.execute("INSERT OR REPLACE INTO pipeline_state VALUES (1, ?, ?, ?)", (*batch.state, now))
        stored = self._stopwatch()
        db.executemany(_ADD_MINUTE, _feeder_minutes(reading for reading, _ in batch.readings))
        aggregated = self._stopwatch()
        db.execute("COMMIT")
        done = self._stopwatch()
        return Committed(
            ids=range(last + 1, last + 1 + len(batch.readings)),
            store_seconds=stored - began + done - aggregated,
            aggregate_seconds=aggregated - stored,
            waited_seconds=locked - began + done - aggregated,
        )

    def count_incorrect(self, ids: range) -> int:
        """How many of the stored readings no longer match the checksum their meter gave."""
        with _translated():
            rows = self._db.execute(
                "SELECT meter, feeder, seq, event_time, voltage, current, power, energy, checksum FROM readings"
                " WHERE id BETWEEN ? AND ?",
                (ids.start, ids.stop - 1),
            ).fetchall()
        return len(ids) - sum(bool(Reading(*row[:-1]).checksum == row[-1]) for row in rows)

    def close(self) -> None:
        self._db.close()


def _row(reading: Reading, received_at: float, stored_at: float) -> tuple[object, ...]:
    return (
        reading.meter, reading.seq, reading.feeder, reading.event_time, reading.voltage, reading.current,
        reading.power, reading.energy, reading.checksum, received_at, stored_at,
    )  # fmt: skip


def _dead_row(dead: DeadLetter) -> tuple[object, ...]:
    rejected = dead.rejected
    return dead.digest, dead.topic, dead.payload, rejected.reason, rejected.meter, rejected.seq, dead.received_at


def _feeder_minutes(readings: Iterable[Reading]) -> list[tuple[object, ...]]:
    groups: dict[tuple[str, int], list[Reading]] = defaultdict(list)
    for reading in readings:
        groups[reading.feeder, int(reading.event_time // 60)].append(reading)
    return [
        (
            *key,
            len(group),
            sum(reading.power for reading in group),
            min(reading.voltage for reading in group),
            max(reading.voltage for reading in group),
        )
        for key, group in groups.items()
    ]


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(getattr(error, "sqlite_errorname", "SQLITE_ERROR"), str(error)) from error

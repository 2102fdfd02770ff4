"""What is read of a store at every scrape, at a cost that does not depend on its size.

The schema is a contract with the processor: docs/exporters/pipeline.md.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gridobs_exporters.pipeline.store import StoreChangedError, error_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridobs_exporters.pipeline.store import Store

DAMAGED = "DAMAGED"  # the code of a value that is not of its column's type

NEWEST_ID = "SELECT MAX(id) FROM readings"
# The canary must not make a store look fresh that gets nothing else. It is rare, so this looks at few records.
LAST_RECORD = """
    SELECT id, event_time, stored_at FROM readings
    WHERE id > (SELECT MAX(id) FROM readings) - 100000 AND meter <> :canary
    ORDER BY id DESC LIMIT 1
"""
# Events come out of order, but not by much. Late is what the objective power-freshness calls so.
RECENT_RECORDS = """
    SELECT COUNT(*), MAX(event_time), MIN(event_time), SUM(stored_at > event_time + 5)
    FROM readings WHERE id > :last - 256 AND id <= :last AND meter <> :canary
"""
# From one feeder to the next by the primary key, so that the minutes between are not read.
FEEDERS = """
    WITH RECURSIVE feeders (feeder, number) AS (
      SELECT MIN(feeder), 1 FROM feeder_minutes
      UNION ALL
      SELECT (SELECT MIN(feeder) FROM feeder_minutes WHERE feeder > feeders.feeder), number + 1 FROM feeders
      WHERE feeder IS NOT NULL AND number < 64
    )
    SELECT feeder, (SELECT MAX(minute) FROM feeder_minutes WHERE feeder = feeders.feeder) FROM feeders
    WHERE feeder IS NOT NULL
"""
BACKLOG = "SELECT backlog, backlog_oldest, updated_at FROM pipeline_state WHERE id = 1"
DEAD_LETTERS = "SELECT MAX(id) FROM dead_letters"
# The reason lies behind the payload, and SQLite reads all of a large one to get there. It knows the length without.
DEAD_LETTER_REASONS = """
    SELECT CASE WHEN LENGTH(payload) > 100000 THEN 'oversized' ELSE reason END FROM dead_letters
    WHERE id > (SELECT MAX(id) FROM dead_letters) - 64
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The record that was stored last, canary aside, and those stored shortly before. Times are Unix seconds."""

    event_time: float
    stored_at: float
    newest_event_time: float
    oldest_event_time: float
    recent: int
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What the processor held uncommitted at ``stored_at``, its last commit."""

    messages: int
    oldest: float | None
    stored_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """One consistent view of the store. ``errors`` names what went wrong with the parts that are None or empty."""

    journal_mode: str
    user_version: int
    pages: int
    free_pages: int
    page_size: int
    newest_id: int = 0
    records: Records | None = None
    backlog: Backlog | None = None
    dead_letters: int | None = None
    dead_letter_reasons: Mapping[str, int] = field(default_factory=dict)
    feeder_minutes: Mapping[str, int] = field(default_factory=dict)
    errors: Sequence[str] = ()


def read_store(store: Store, *, canary: str) -> StoreFacts:
    """All of it in one short transaction. ``canary`` is the meter whose records are no business.

    Raises:
        sqlite3.Error: If this is not a store or it cannot be read now.
    """
    try:
        return _read(store, canary)
    except StoreChangedError:  # and is there now, with its -wal file
        return _read(store, canary)


def _read(store: Store, canary: str) -> StoreFacts:
    with store.reading() as connection:
        connection.text_factory = _text
        connection.execute("BEGIN")
        reader = _Reader(connection)
        (newest_id,) = connection.execute(NEWEST_ID).fetchone()
        dead_letters = reader.optional(DEAD_LETTERS)
        return StoreFacts(
            journal_mode="wal" if store.in_wal_mode else str(reader.pragma("journal_mode")),
            user_version=int(reader.pragma("user_version")),
            pages=int(reader.pragma("page_count")),
            free_pages=int(reader.pragma("freelist_count")),
            page_size=int(reader.pragma("page_size")),
            newest_id=newest_id or 0,
            records=reader.records(canary),
            backlog=reader.backlog(),
            dead_letters=dead_letters[0][0] or 0 if dead_letters else None,
            dead_letter_reasons=Counter(str(reason) for (reason,) in reader.optional(DEAD_LETTER_REASONS)),
            feeder_minutes={str(feeder): minute for feeder, minute in reader.optional(FEEDERS) if _number(minute)},
            errors=reader.errors,
        )


class _Reader:
    """Queries of one transaction. What cannot be read is named in ``errors`` and does not cost the rest."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.errors: list[str] = []

    def pragma(self, name: str) -> str | int:
        value: str | int = self._connection.execute(f"PRAGMA {name}").fetchone()[0]
        return value

    def optional(self, query: str) -> list[Any]:
        try:
            return self._connection.execute(query).fetchall()
        except sqlite3.OperationalError as error:
            self.errors.append(error_name(error))
            return []

    def records(self, canary: str) -> Records | None:
        row = self._connection.execute(LAST_RECORD, {"canary": canary}).fetchone()
        if row is None:
            return None
        last, event_time, stored_at = row
        around = self._connection.execute(RECENT_RECORDS, {"last": last, "canary": canary}).fetchone()
        recent, newest, oldest, late = around
        if not self._are_numbers(event_time, stored_at, newest, oldest):
            return None
        return Records(
            event_time=event_time,
            stored_at=stored_at,
            newest_event_time=newest,
            oldest_event_time=oldest,
            recent=recent,
            late=late or 0,
        )

    def backlog(self) -> Backlog | None:
        for messages, oldest, updated_at in self.optional(BACKLOG):
            if self._are_numbers(messages, updated_at, 0 if oldest is None else oldest):
                return Backlog(messages=messages, oldest=oldest, stored_at=updated_at)
        return None

    def _are_numbers(self, *values: object) -> bool:
        good = all(map(_number, values))
        if not good:
            self.errors.append(DAMAGED)
        return good


def _number(value: object) -> bool:
    """SQLite keeps anything in any column."""
    return isinstance(value, int | float) and math.isfinite(value)


def _text(content: bytes) -> str:
    """What a broken disk or a hostile meter left need not be UTF-8, and must not cost the scrape."""
    return content.decode("utf-8", "replace")

"""Reading a SQLite store that another process owns: never a write, never a lock that stays, never a new file.

``mode=ro`` alone is not enough. When no writer has the store open its ``-wal`` file is gone, and SQLite then makes
``-wal`` and ``-shm`` files even for a read-only connection, or refuses the store if it may not. So a store in WAL
mode without a ``-wal`` file is opened ``immutable``, which is right for as long as no writer comes; ``reading`` says
afterwards whether one came.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BUSY_TIMEOUT = 0.1  # seconds
_WAL = 2  # bytes 18 and 19 of the file, https://www.sqlite.org/fileformat2.html#file_format_version_numbers

# Events arrive out of order, but not by much: the newest is among the records stored last.
LAST_RECORD = """
    SELECT id, event_time, stored_at,
           (SELECT MAX(event_time) FROM readings WHERE id > (SELECT MAX(id) FROM readings) - 256)
    FROM readings WHERE id = (SELECT MAX(id) FROM readings)
"""
BACKLOG = "SELECT backlog, backlog_oldest, updated_at FROM pipeline_state WHERE id = 1"
DEAD_LETTERS = "SELECT MAX(id) FROM dead_letters"


class WriterCameError(Exception):
    """A writer opened the store while it was read as one that nobody writes; what was read may be torn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The record that was stored last. Times are Unix seconds."""

    number: int
    event_time: float
    stored_at: float
    newest_event_time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What the processor held uncommitted at ``updated_at``, its last commit."""

    messages: int
    oldest: float | None
    updated_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """One consistent view of the store. ``errors`` names what went wrong with the parts that are None."""

    journal_mode: str
    user_version: int
    pages: int
    free_pages: int
    page_size: int
    record: Record | None = None
    backlog: Backlog | None = None
    dead_letters: int | None = None
    errors: Sequence[str] = ()


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection; leave the block before believing what was read.

    Raises:
        sqlite3.Error: If the store cannot be opened or read.
        WriterCameError: On leaving, if a writer came meanwhile.
    """
    idle = _idle_since(path)
    uri = f"file:{quote(os.fspath(path.absolute()))}?mode=ro{'&immutable=1' if idle else ''}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
    try:
        with closing(connection):
            connection.execute("PRAGMA query_only = ON")
            yield connection
    finally:
        if idle and idle != _idle_since(path):
            raise WriterCameError


def read_store(path: Path) -> StoreFacts:
    """All of it in one short transaction, at a cost that does not depend on the size of the store.

    Raises:
        sqlite3.Error: If this is not a store or it cannot be read now.
    """
    try:
        return _read(path)
    except WriterCameError:  # and is there now, with its -wal file
        return _read(path)


def error_name(error: sqlite3.Error) -> str:
    """SQLite's extended result code by name, such as ``SQLITE_BUSY_SNAPSHOT``."""
    return getattr(error, "sqlite_errorname", None) or type(error).__name__


def _read(path: Path) -> StoreFacts:
    errors: list[str] = []
    with reading(path) as connection:
        connection.execute("BEGIN")
        record = connection.execute(LAST_RECORD).fetchone()
        backlog = _optional(connection, BACKLOG, errors)
        dead_letters = _optional(connection, DEAD_LETTERS, errors)
        return StoreFacts(
            journal_mode="wal" if _in_wal_mode(path) else str(_pragma(connection, "journal_mode")),
            user_version=int(_pragma(connection, "user_version")),
            pages=int(_pragma(connection, "page_count")),
            free_pages=int(_pragma(connection, "freelist_count")),
            page_size=int(_pragma(connection, "page_size")),
            record=_record(record),
            backlog=_backlog(backlog),
            dead_letters=None if dead_letters is None else int(dead_letters[0] or 0),
            errors=errors,
        )


def _idle_since(path: Path) -> tuple[int, int, int] | None:
    """What changes when a writer comes; None if one is there, or if this is not a store in WAL mode."""
    try:
        if not _in_wal_mode(path) or path.with_name(f"{path.name}-wal").exists():
            return None
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _in_wal_mode(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(20)[18:] == bytes([_WAL, _WAL])


def _pragma(connection: sqlite3.Connection, name: str) -> str | int:
    value: str | int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def _optional(connection: sqlite3.Connection, query: str, errors: list[str]) -> tuple[float | None, ...] | None:
    try:
        row: tuple[float | None, ...] | None = connection.execute(query).fetchone()
    except sqlite3.OperationalError as error:
        errors.append(error_name(error))
        return None
    return row


def _record(row: tuple[int, float, float, float] | None) -> Record | None:
    if row is None:
        return None
    number, event_time, stored_at, newest = row
    return Record(
        number=int(number), event_time=float(event_time), stored_at=float(stored_at), newest_event_time=float(newest)
    )


def _backlog(row: tuple[float | None, ...] | None) -> Backlog | None:
    if row is None:
        return None
    messages, oldest, updated_at = row
    return Backlog(
        messages=int(messages or 0),
        oldest=None if oldest is None else float(oldest),
        updated_at=float(updated_at or 0.0),
    )

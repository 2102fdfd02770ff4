"""Reading a SQLite store that another process owns: never a write, never a lock that stays, never a new file.

``mode=ro`` alone is not enough. When no writer has the store open its ``-wal`` file is gone, and SQLite then makes
``-wal`` and ``-shm`` files even for a read-only connection, or refuses the store if it may not. So a store in WAL
mode without a ``-wal`` file is opened ``immutable``, which is right for as long as no writer comes; ``reading`` says
afterwards whether one came. ``readonly_shm`` keeps SQLite from mending and cutting off the ``-shm`` file where the
file's mode would allow it; cut off below another reader it ends the process with SIGBUS.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from gridobs_exporters.pipeline import held

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY_TIMEOUT = 0.1  # seconds


class StoreChangedError(sqlite3.OperationalError):
    """A writer came to a store nobody wrote, or another file took its place; what was read may be torn."""

    sqlite_errorname = "CHANGED"


class _NoFileError(sqlite3.OperationalError):
    """A folder, a pipe or a device stands where the store should; SQLite would wait for a pipe for ever."""

    sqlite_errorname = "SQLITE_CANTOPEN"


class Store:
    """The files of one store, for all threads that read it."""

    def __init__(self, path: Path) -> None:
        self._given = path
        self._main = held.HeldFile()
        self._index = held.HeldFile()
        self._lock = threading.Lock()
        self._open: dict[sqlite3.Connection, held.Identity | None] = {}

    def __str__(self) -> str:
        return str(self._given)

    @property
    def path(self) -> Path:
        """Where links lead: that is where SQLite keeps the other files."""
        return Path(os.path.realpath(self._given))

    def beside(self, suffix: str) -> Path:
        return Path(f"{self.path}{suffix}")

    @property
    def in_wal_mode(self) -> bool:
        return held.in_wal_mode(self._main.start(self.path, held.HEADER_LENGTH))

    @property
    def is_idle(self) -> bool:
        """Whether no process has it open for writing, as far as its files show."""
        return self.in_wal_mode and not self._has("-wal")

    def wal_frames(self) -> held.WalFrames | None:
        """What the write-ahead log holds; None if there is none or its index cannot be read."""
        if not self._has("-wal"):
            return None
        return held.wal_frames(self._index.start(self.beside("-shm"), held.INDEX_LENGTH))

    def _has(self, suffix: str) -> bool:
        return os.path.exists(self.beside(suffix))  # noqa: PTH110 - Path.exists raises where it may not look

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A read-only connection; leave the block before believing what was read.

        Raises:
            sqlite3.Error: If the store cannot be opened or read.
            StoreChangedError: On leaving, if what was read may be torn.
        """
        before, idle = self._state()
        # A crash may have left a -wal file without its -shm; only then does SQLite have to make one.
        index = "&readonly_shm=1" if self._has("-shm") else ""
        uri = f"file:{quote(os.fsencode(self.path))}?mode=ro{index}{'&immutable=1' if idle else ''}"
        try:
            with self._alone(uri, before) as connection:
                connection.execute("PRAGMA query_only = ON")
                yield connection
        finally:
            after, still_idle = self._state()
            if before and (after != before or (idle and idle != still_idle)):
                raise StoreChangedError("the store changed while it was read")

    @contextmanager
    def _alone(self, uri: str, file: held.Identity | None) -> Iterator[sqlite3.Connection]:
        """A connection to ``file``, beside which no other file of the same name is read.

        A file that took its place may share its ``-shm``, and in one process neither's locks hold against the other:
        closing one drops those of both, a writer then cuts off the ``-shm`` file, and who reads it ends by SIGBUS. So
        a connection counts until it is closed, and does not count as one to ``file`` if that has been replaced.
        """
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        try:
            with self._lock:
                others = [other for other, of in self._open.items() if of != file]
                for other in others:
                    with suppress(sqlite3.ProgrammingError):  # it has just been closed
                        other.interrupt()
                if others:
                    raise StoreChangedError("the file that was there before is still being read")
                self._open[connection] = file
            if self._state()[0] != file:
                raise StoreChangedError("another file took its place while it was opened")
            yield connection
        finally:
            connection.close()
            with self._lock:
                self._open.pop(connection, None)

    def _state(self) -> tuple[held.Identity | None, tuple[int, int] | None]:
        """Which file it is, None if there is none; and if it has no writer, what changes when one comes."""
        try:
            status = self.path.stat()
        except OSError:
            return None, None
        if not stat.S_ISREG(status.st_mode):
            raise _NoFileError(f"{self} is no file")
        return held.identity(status), (status.st_size, status.st_mtime_ns) if self.is_idle else None


def error_name(error: sqlite3.Error) -> str:
    """SQLite's extended result code by name, such as ``SQLITE_BUSY_SNAPSHOT``."""
    return getattr(error, "sqlite_errorname", None) or type(error).__name__

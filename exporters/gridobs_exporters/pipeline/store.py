"""Reading a SQLite store that another process owns: never a write, never a lock that stays, never a new file.

``mode=ro`` alone is not enough. When no writer has the store open its ``-wal`` file is gone, and SQLite then makes
``-wal`` and ``-shm`` files even for a read-only connection, or refuses the store if it may not. So a store in WAL
mode without a ``-wal`` file is opened ``immutable``, which is right for as long as no writer comes; ``reading`` says
afterwards whether one came.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing, contextmanager
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

    def __str__(self) -> str:
        return str(self._given)

    @property
    def path(self) -> Path:
        """Where links lead: that is where SQLite keeps the other files."""
        return Path(os.path.realpath(self._given))

    def beside(self, suffix: str) -> Path:
        path = self.path
        return path.with_name(path.name + suffix)

    @property
    def in_wal_mode(self) -> bool:
        return held.in_wal_mode(self._main.start(self.path, held.HEADER_LENGTH))

    @property
    def is_idle(self) -> bool:
        """Whether no process has it open for writing, as far as its files show."""
        return self.in_wal_mode and not self.beside("-wal").exists()

    def wal_frames(self) -> held.WalFrames | None:
        """What the write-ahead log holds; None if there is none or its index cannot be read."""
        if not self.beside("-wal").exists():
            return None
        return held.wal_frames(self._index.start(self.beside("-shm"), held.INDEX_LENGTH))

    def close(self) -> None:
        """Let go of the files; nothing may be reading them."""
        self._main.close()
        self._index.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A read-only connection; leave the block before believing what was read.

        Raises:
            sqlite3.Error: If the store cannot be opened or read.
            StoreChangedError: On leaving, if what was read may be torn.
        """
        before, idle = self._state()
        uri = f"file:{quote(os.fspath(self.path))}?mode=ro{'&immutable=1' if idle else ''}"
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        try:
            with closing(connection):
                connection.execute("PRAGMA query_only = ON")
                yield connection
        finally:
            after, still_idle = self._state()
            if before and (after != before or (idle and idle != still_idle)):
                raise StoreChangedError("the store changed while it was read")

    def _state(self) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
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

"""The few bytes of a store's files that SQLite does not tell, read without ever letting go of its locks."""

from __future__ import annotations

import os
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HEADER_LENGTH = 20
_WAL = b"\x02\x02"  # bytes 18 and 19, https://www.sqlite.org/fileformat2.html#file_format_version_numbers
# https://www.sqlite.org/walformat.html#the_wal_index_file_format: the header twice, then what checkpoints have done.
_INDEX_VERSION = 3007000
_INDEX_HEADER = struct.Struct("=I8xB3xI28x")  # version, whether it is initialised, frames
_INDEX = struct.Struct(f"={_INDEX_HEADER.size}s{_INDEX_HEADER.size}sI")  # ..., frames in the store already
INDEX_LENGTH = _INDEX.size

Identity = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class WalFrames:
    """Pages the write-ahead log holds, and those of them that no checkpoint has copied into the store yet."""

    held: int
    pending: int


class HeldFile:
    """A file that is kept open between looks.

    SQLite's locks are POSIX locks, which a process loses when it closes any descriptor of the file
    (https://www.sqlite.org/howtocorrupt.html, 2.2). A check that runs in another thread would then read what a writer
    changes under it and report a corruption that is none.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._identity: Identity | None = None

    def start(self, path: Path, length: int) -> bytes:
        """The first ``length`` bytes, fewer if there are no more; none if there is no such file that can be read."""
        with self._lock:
            try:
                if self._descriptor is None or identity(path.stat()) != self._identity:
                    self._close()
                    self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
                    self._identity = identity(os.fstat(self._descriptor))
                return os.pread(self._descriptor, length, 0)
            except OSError:
                self._close()
                return b""

    def _close(self) -> None:
        if self._descriptor is not None:
            with suppress(OSError):
                os.close(self._descriptor)
        self._descriptor = self._identity = None


def identity(status: os.stat_result) -> Identity:
    """What distinguishes a file from one that takes its place."""
    return status.st_dev, status.st_ino


def in_wal_mode(header: bytes) -> bool:
    """Whether a store that starts with these ``HEADER_LENGTH`` bytes is in WAL mode."""
    return header[18:] == _WAL


def wal_frames(index: bytes) -> WalFrames | None:
    """What the first ``INDEX_LENGTH`` bytes of the ``-shm`` file say; None while it is being written."""
    if len(index) < INDEX_LENGTH:
        return None
    header, copy, copied = _INDEX.unpack(index)
    version, initialised, frames = _INDEX_HEADER.unpack(header)
    if header != copy or version != _INDEX_VERSION or not initialised:
        return None
    return WalFrames(held=frames, pending=max(0, frames - copied))

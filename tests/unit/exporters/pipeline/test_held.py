"""The headers of a store's files: real ones, and whatever else may stand there."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from gridobs_exporters.pipeline.held import (
    HEADER_LENGTH,
    INDEX_LENGTH,
    HeldFile,
    WalFrames,
    in_wal_mode,
    wal_frames,
)
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pathlib import Path

# A wal-index as SQLite 3.40 on x86-64 leaves it after 50 commits of 165 pages, of which 160 are in the store.
_HEADER = (3007000).to_bytes(4, sys.byteorder) + bytes(8) + b"\x01\x00\x00\x10" + (165).to_bytes(4, sys.byteorder)
INDEX = 2 * _HEADER.ljust(48, b"\x07") + (160).to_bytes(4, sys.byteorder)


def test_the_frames_are_those_of_both_headers_less_what_was_copied() -> None:
    assert len(INDEX) == INDEX_LENGTH
    assert wal_frames(INDEX) == WalFrames(held=165, pending=5)


def test_an_index_that_is_being_written_says_nothing() -> None:
    assert wal_frames(INDEX[:60] + b"\x00" + INDEX[61:]) is None
    assert wal_frames(INDEX.replace(b"\x01\x00\x00\x10", b"\x00\x00\x00\x10")) is None
    assert wal_frames(INDEX.replace((3007000).to_bytes(4, sys.byteorder), bytes(4))) is None
    assert wal_frames(INDEX[:-1]) is None


def test_sqlite_itself_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "any.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (a);")
        for _ in range(20):
            db.execute("INSERT INTO t VALUES (zeroblob(5000))")
        _, frames, copied = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        db.execute("PRAGMA user_version = 1")  # starts the WAL again
        program = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read(100))"  # keeps our locks ours
        index = subprocess.run([sys.executable, "-c", program, f"{path}-shm"], capture_output=True, check=True).stdout
        assert wal_frames(index) == WalFrames(held=1, pending=1)

    assert frames == copied > 40


@settings(derandomize=True, database=None)
@given(st.binary(max_size=200) | st.binary(min_size=100, max_size=100))
def test_no_bytes_are_too_strange(content: bytes) -> None:
    frames = wal_frames(content)
    assert frames is None or 0 <= frames.pending <= frames.held
    in_wal_mode(content[:HEADER_LENGTH])


def test_a_file_is_followed_when_another_takes_its_place(tmp_path: Path) -> None:
    path, held = tmp_path / "file", HeldFile()
    assert held.start(path, 3) == b""
    path.write_bytes(b"first")
    assert held.start(path, 3) == b"fir"
    (tmp_path / "next").write_bytes(b"second")
    (tmp_path / "next").replace(path)
    assert held.start(path, 3) == b"sec"
    path.unlink()
    assert held.start(path, 3) == b""

"""One exporter that outlives everything that can become of a store, and follows it without a restart."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from gridobs.testbed.processor.store import Batch, Store
from gridobs.testbed.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.e2e.exporters.conftest import Start

UP, RECORDS = 'gridobs_pipeline_up{store="power"}', 'gridobs_pipeline_records_stored{store="power"}'
ALWAYS = ("up", "errors_total", "filesystem_", "store_bytes", "quick_check_", "samples_")


def make(path: Path) -> None:
    """Made elsewhere, where nobody reads: with a reader there its writer would leave all of it in a ``-wal`` file."""
    readings = [Reading("m", "f", seq, 60.0 + seq, 230.0, 1.0, 1.0, 1.0) for seq in range(1, 501)]
    made = path.with_name("made.db")
    with closing(Store(made, clock=lambda: 70.0, stopwatch=lambda: 0.0)) as store:
        store.commit(Batch([(reading, 68.0) for reading in readings]))
    made.rename(path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("DELETE FROM dead_letters")
        yield


@contextmanager
def spoilt(path: Path, spoil: Callable[[Path], object]) -> Iterator[None]:
    """Until the copy that was made before takes its place."""
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    spoil(path)
    yield
    copy.replace(path)


def deleted(path: Path) -> AbstractContextManager[None]:
    return spoilt(path, lambda path: path.unlink())


def corrupted(path: Path) -> AbstractContextManager[None]:
    return spoilt(path, lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 8192))


def replaced(path: Path) -> AbstractContextManager[None]:
    return spoilt(path, lambda path: path.write_bytes(b"not a database" * 1000))


def cut_off(path: Path) -> AbstractContextManager[None]:
    return spoilt(path, lambda path: os.truncate(path, 4096))


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (locked, "SQLITE_BUSY"),
        (deleted, "SQLITE_CANTOPEN"),
        (corrupted, "SQLITE_CORRUPT"),
        (replaced, "SQLITE_NOTADB"),
        (cut_off, "SQLITE_CORRUPT"),
    ],
)
def test_it_is_down_with_nothing_stale_and_up_again_without_a_restart(
    exporter: Start, tmp_path: Path, harm: Callable[[Path], AbstractContextManager[None]], code: str
) -> None:
    path = tmp_path / "power.db"
    one = exporter(
        f"--pipeline.store={path}", "--pipeline.accuracy-interval=50ms", "--pipeline.quick-check-interval=50ms"
    )
    assert one.scrape()[UP] == 0
    make(path)
    assert one.scrape()[RECORDS] == 500
    with harm(path):
        down = one.scrape()
        assert one.scrape()[UP] == 0

    assert one.scrape()[UP] == 1
    assert one.scrape()[RECORDS] == 500
    assert down[UP] == 0
    ours = {name.removeprefix("gridobs_pipeline_") for name in down if name.startswith("gridobs_pipeline_")}
    assert [name for name in ours if not name.startswith(ALWAYS)] == []
    assert sum(times for name, times in down.items() if "pipeline_errors_total" in name and code in name) >= 1
    assert one.process.poll() is None
    assert "Traceback" not in one.logged()

"""A store that is locked, gone, replaced, broken or out of reach: down, counted by code, up again once it is well.

Nothing is kept of what was read before, and the process lives.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.pipeline import collector as pipeline_collector
from gridobs_exporters.pipeline.accuracy import AccuracySettings
from gridobs_exporters.pipeline.collector import PipelineCollector
from gridobs_exporters.pipeline.integrity import CheckSettings
from gridobs_exporters.pipeline.store import Store
from gridobs_exporters.pipeline.watch import StoreSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.unit.exporters.conftest import Hands
    from tests.unit.exporters.pipeline.conftest import MakeWatched

_HOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.executescript(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process(path: Path, statements: str) -> Iterator[subprocess.Popen[str]]:
    """Has run the statements on the store and stays in it."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path), statements], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def gone(path: Path) -> None:
    path.unlink()


def gone_with_its_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def no_database(path: Path) -> None:
    path.write_bytes(b"power" * 5000)


def another_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE readings (id INTEGER PRIMARY KEY, meter TEXT)")


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)


def overwritten_pages(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (gone, "SQLITE_CANTOPEN"),
        (gone_with_its_folder, "SQLITE_CANTOPEN"),
        (a_folder, "SQLITE_CANTOPEN"),
        (a_pipe, "SQLITE_CANTOPEN"),
        (a_link_to_itself, "SQLITE_CANTOPEN"),
        (emptied, "SQLITE_ERROR"),
        (no_database, "SQLITE_NOTADB"),
        (another_database, "SQLITE_ERROR"),
        (truncated, "SQLITE_CORRUPT"),
        (overwritten_pages, "SQLITE_CORRUPT"),
    ],
)
def test_a_store_that_is_harmed_is_down_says_why_and_comes_back(
    harm: Callable[[Path], None], code: str, filled: Callable[[int], Path], watched: MakeWatched, tmp_path: Path
) -> None:
    path = tmp_path / "site" / "store.db"
    path.parent.mkdir()
    shutil.copy(filled(3000), path)
    one = watched(path)
    assert one.scrape()["up"] == 1
    harm(path)
    down = one.scrape()
    again = one.scrape()
    if path.is_dir():
        path.rmdir()
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    shutil.copy(tmp_path / "real.db", path)
    healed = one.scrape()

    assert down["up"] == 0
    assert down.of_the_database() == []
    assert down.success == 0
    assert {name[: len(code)] for name in down.errors} == {code}
    assert sum(again.errors.values()) == 2
    assert (healed["up"], healed["records_stored"], healed.success) == (1, 3000, 1)
    assert healed.errors == again.errors


@pytest.mark.parametrize(
    "statements",
    [
        "PRAGMA locking_mode = EXCLUSIVE; DELETE FROM dead_letters",
        "PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE",
    ],
    ids=["wal", "rollback"],
)
def test_a_store_that_another_process_locks_is_down_until_it_lets_go(
    filled: Callable[[int], Path], watched: MakeWatched, statements: str
) -> None:
    path = filled(10)
    one = watched(path)
    with another_process(path, statements) as holder:
        locked = one.scrape()
        holder.kill()
        holder.wait()
    free = one.scrape()

    assert (locked["up"], locked.of_the_database(), locked.errors) == (0, [], {"SQLITE_BUSY": 1})
    assert (free["up"], free["records_stored"]) == (1, 10)


def test_what_a_killed_writer_left_is_read_without_its_index(
    filled: Callable[[int], Path], watched: MakeWatched
) -> None:
    path = filled(10)
    with another_process(
        path, "INSERT INTO dead_letters VALUES (77, 'd', 't', 'p', 'range', NULL, NULL, 1)"
    ) as writer:
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    wal, index = Store(path).beside("-wal"), Store(path).beside("-shm")
    left = wal.read_bytes()
    index.unlink()
    page = watched(path).scrape()

    assert (page["up"], page["dead_letters"], page["records_stored"]) == (1, 77, 10)
    assert wal.read_bytes() == left


def test_a_wal_without_an_index_that_may_not_be_made_is_down_until_the_writer_is_back(
    filled: Callable[[int], Path], watched: MakeWatched, tmp_path: Path
) -> None:
    path = filled(10)
    with another_process(path, "DELETE FROM dead_letters") as writer:
        writer.kill()
        writer.wait()
    Store(path).beside("-shm").unlink()
    one = watched(path)
    with as_a_nobody(tmp_path, mode=0o555):
        page = one.scrape()
    assert (page["up"], page.of_the_database()) == (0, [])
    assert {code.partition("_")[0] for code in page.errors} == {"SQLITE"}
    with another_process(path, "DELETE FROM dead_letters"):
        assert one.scrape()["up"] == 1


def test_a_folder_that_may_not_be_read_is_down_until_it_may(
    filled: Callable[[int], Path], watched: MakeWatched, tmp_path: Path
) -> None:
    one = watched(filled(10))
    with as_a_nobody(tmp_path, mode=0o000):
        page = one.scrape()

    assert (page["up"], page.of_the_database()) == (0, [])
    assert set(page.errors) == {"SQLITE_CANTOPEN"}
    assert one.scrape()["up"] == 1


@contextmanager
def as_a_nobody(folder: Path, *, mode: int) -> Iterator[None]:
    """Root may everything; so for a moment it is not root."""
    is_root = os.geteuid() == 0
    parents = [parent for parent in folder.parents if parent.owner() == folder.owner() and parent != parent.parent]
    modes = {parent: parent.stat().st_mode for parent in (folder, *parents)}
    for parent in parents if is_root else ():
        parent.chmod(modes[parent] | 0o011)
    folder.chmod(mode)
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        for parent, before in modes.items():
            parent.chmod(before)


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[Path]:
    """A store on which SQLite hangs, as on a network file system that is away.

    Before it reads, SQLite looks into the rollback journal of a writer that crashed. Here that journal is a pipe, and
    who opens a pipe waits for its other end.
    """
    path = tmp_path / "hanging.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE readings (id INTEGER PRIMARY KEY)")
    journal = tmp_path / "hanging.db-journal"
    os.mkfifo(journal)
    yield path
    with journal.open("r+b", buffering=0):  # its other end: whoever still waits goes on
        journal.unlink()
        time.sleep(0.05)


def threads_about(name: str) -> int:
    return sum(name in thread.name for thread in threading.enumerate())


def test_a_file_system_that_hangs_costs_its_own_store_and_one_thread(
    hanging: Path, filled: Callable[[int], Path], hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline_collector, "PATIENCE", 0.1)
    stores = [StoreSettings(name="hangs", path=hanging), StoreSettings(name="well", path=filled(10))]
    one = PipelineCollector(stores, clock=hands.clock)
    readings = [one.collect() for _ in range(5)]

    assert [dict(reading.up) for reading in readings] == [{"hangs": False, "well": True}] * 5
    assert not any(reading.complete for reading in readings)
    assert threads_about("pipeline-hangs") == 1
    timeouts = [
        sample.value
        for family in readings[-1].samples.families()[0]
        for sample in family.samples
        if sample.labels == {"store": "hangs", "code": "TIMEOUT"}
    ]
    assert timeouts == [5]


def test_a_file_system_that_hangs_holds_one_thread_for_each_check_and_not_the_end(
    hanging: Path, watched: MakeWatched
) -> None:
    one = watched(
        hanging, check=CheckSettings(interval=0.01, timeout=60), accuracy=AccuracySettings(interval=0.01, samples=1)
    )
    one.collector.start()
    time.sleep(0.2)
    began = time.monotonic()
    one.collector.stop()

    assert time.monotonic() - began < 5
    assert (threads_about("pipeline-check"), threads_about("pipeline-accuracy")) == (1, 1)


def test_a_scrape_takes_no_lock_from_a_check_that_runs(filled: Callable[[int], Path], watched: MakeWatched) -> None:
    """POSIX locks are lost when the process closes any descriptor of the file, so a scrape must close none.

    With its lock gone, the reader's snapshot could be overwritten by a checkpoint: a corruption that is none.
    """
    path = filled(2000)
    one = watched(path)
    with another_process(path, "DELETE FROM dead_letters"), Store(path).reading() as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM readings").fetchone()
        before = locks_of_this_process()
        assert one.scrape()["up"] == 1

        assert locks_of_this_process() == before != []


def locks_of_this_process() -> list[list[str]]:
    """Kind, inode and range of each POSIX lock."""
    rows = [line.split() for line in open("/proc/locks", encoding="ascii").read().splitlines()]  # noqa: SIM115, PTH123 - a moment
    return sorted(row[1:4] + row[5:] for row in rows if row[4] == str(os.getpid()))

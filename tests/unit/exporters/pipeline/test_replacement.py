"""Another file takes the place of the store while it is read: what was read is not believed, nobody ends by it."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.pipeline import facts
from gridobs_exporters.pipeline.accuracy import AccuracySettings
from gridobs_exporters.pipeline.integrity import CheckSettings
from gridobs_exporters.pipeline.store import Store, StoreChangedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.exporters.pipeline.conftest import MakeWatched


def replace(path: Path) -> None:
    copy = path.with_name("next.db")
    shutil.copy(path, copy)
    copy.replace(path)


def test_what_was_read_of_a_store_that_was_replaced_is_not_believed(
    writer: sqlite3.Connection, tmp_path: Path
) -> None:
    path = tmp_path / "store.db"
    with pytest.raises(StoreChangedError), Store(path).reading() as reader:  # noqa: PT012 - it is the end that raises
        reader.execute(facts.NEWEST_ID).fetchone()
        (tmp_path / "other.db").write_bytes(path.read_bytes())
        (tmp_path / "other.db").replace(path)
    writer.close()


def test_a_file_that_was_replaced_while_it_was_opened_is_not_read(
    filled: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would count as a connection to the file before it, beside which others of that file are let in."""
    path = filled(10)
    connect = sqlite3.connect
    let_in = []

    def replaced_first(*arguments: object, **options: object) -> sqlite3.Connection:
        replace(path)
        return connect(*arguments, **options)  # type: ignore[call-overload, no-any-return] # passed on as they are

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", replaced_first)
        with pytest.raises(StoreChangedError), Store(path).reading() as reader:
            let_in.append(reader)

    assert let_in == []
    with Store(path).reading() as reader:
        assert reader.execute(facts.NEWEST_ID).fetchone() == (10,)


def test_another_file_is_not_read_before_the_one_before_it_is_closed(
    filled: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing drops the locks that this process has on the ``-shm`` file that both may share."""
    path = filled(10)
    store = Store(path)
    refused = []

    class Connection(sqlite3.Connection):
        def close(self) -> None:
            monkeypatch.undo()
            with pytest.raises(StoreChangedError, match="still being read"), store.reading():
                pytest.fail("it was let in")
            refused.append(True)
            super().close()

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *to, **options: connect(*to, factory=Connection, **options))
    with pytest.raises(StoreChangedError, match="while it was read"), store.reading():
        replace(path)

    assert refused == [True]
    with store.reading() as reader:
        assert reader.execute(facts.NEWEST_ID).fetchone() == (10,)


_REPLACE = """
import os, random, shutil, sqlite3, sys, time
path, rng = sys.argv[1], random.Random(7)
shutil.copy(path, path + ".whole")
print("ready", flush=True)
sys.stdin.readline()
for _ in range(100):
    shutil.copy(path + ".whole", path + ".next")
    os.replace(path + ".next", path)
    db = sqlite3.connect(path, isolation_level=None, timeout=5)
    for _ in range(5):
        db.execute("UPDATE pipeline_state SET backlog = backlog + 1")
        db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        time.sleep(rng.random() / 500)
    db.close()
"""


def test_a_store_that_is_replaced_again_and_again_has_no_fault_and_ends_nobody(
    filled: Callable[[int], Path], watched: MakeWatched
) -> None:
    """Whatever a reader is torn between: no fault is reported that is none, and no SIGBUS comes of a WAL index."""
    path = filled(3000)
    one = watched(
        path, check=CheckSettings(interval=0.001, timeout=60), accuracy=AccuracySettings(interval=0.001, samples=50)
    )
    command = [sys.executable, "-c", _REPLACE, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as replacing:
        assert replacing.stdin
        assert replacing.stdout
        assert replacing.stdout.readline() == "ready\n"
        one.collector.start()
        replacing.stdin.write("go\n")
        replacing.stdin.flush()
        while replacing.poll() is None:
            one.scrape()
    deadline = time.monotonic() + 30
    while not all(one.scrape()[f"{check}_last_run_timestamp_seconds"] for check in ("quick_check", "samples")):
        assert time.monotonic() < deadline, "no check of a store that is left alone"
    one.collector.stop()
    page = one.scrape()

    assert page["up"] == 1
    assert page["quick_check_last_run_timestamp_seconds"] == page["quick_check_last_ok_timestamp_seconds"] > 0
    assert page["samples_checked_total"] > 0
    assert page["samples_incorrect_total"] == 0

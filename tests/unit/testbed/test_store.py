"""The edge store keeps its promises: whole batches, nothing twice, errors by name."""

from __future__ import annotations

import contextlib
import dataclasses
import resource
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING

import pytest

from gridobs.testbed.processor.store import Batch, DeadLetter, Store, StoreError
from gridobs.testbed.processor.validation import Rejected, Rejection
from gridobs.testbed.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READING = Reading("meter-00042", "feeder-00", 1, 1_700_000_000.0, 230.12, 5.123, 1120.4, 1234.5678)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "power.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with contextlib.closing(Store(path, clock=lambda: 1_700_000_001.0, stopwatch=time.monotonic)) as store:
        yield store


def readings(*seqs: int) -> list[tuple[Reading, float]]:
    return [(dataclasses.replace(READING, seq=seq), 1_700_000_000.5) for seq in seqs]


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def test_a_batch_is_stored_with_its_feeder_minute(store: Store, path: Path) -> None:
    committed = store.commit(Batch(readings(1, 2, 3)))

    assert range(1, 4) == committed.ids
    assert [("feeder-00", 28333333, 3, pytest.approx(3361.2), 230.12, 230.12)] == rows(
        path, "SELECT * FROM feeder_minutes"
    )


def test_later_batches_add_to_the_same_minute(store: Store, path: Path) -> None:
    store.commit(Batch(readings(1, 2)))
    store.commit(Batch(readings(3)))

    assert [(3,)] == rows(path, "SELECT records FROM feeder_minutes")


def test_a_batch_that_holds_a_stored_reading_is_refused_whole(store: Store, path: Path) -> None:
    store.commit(Batch(readings(1)))

    with pytest.raises(StoreError) as error:
        store.commit(Batch(readings(2, 1)))

    assert error.value.code == "SQLITE_CONSTRAINT_UNIQUE"
    assert [(1, 1)] == rows(path, "SELECT count(*), (SELECT sum(records) FROM feeder_minutes) FROM readings")


def test_known_tells_the_stored_ones(store: Store) -> None:
    store.commit(Batch(readings(1, 2)))

    assert {("meter-00042", 2)} == store.known([("meter-00042", 2), ("meter-00042", 3), ("meter-00001", 1)])


def test_a_redelivered_dead_letter_is_kept_once(store: Store, path: Path) -> None:
    dead = DeadLetter("power/f/m/reading", b"noise", 1.0, Rejected(Rejection.MALFORMED))

    store.commit(Batch([], [dead]))
    store.commit(Batch([], [dataclasses.replace(dead, received_at=2.0)]))

    assert [("malformed", 1.0)] == rows(path, "SELECT reason, received_at FROM dead_letters")


def test_what_was_changed_in_the_store_no_longer_matches_its_checksum(store: Store, path: Path) -> None:
    ids = store.commit(Batch(readings(1, 2, 3))).ids
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE readings SET energy = energy + 0.0001 WHERE seq = 2")

    assert store.count_incorrect(ids) == 1


def test_a_missing_row_is_incorrect_too(store: Store, path: Path) -> None:
    ids = store.commit(Batch(readings(1, 2))).ids
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DELETE FROM readings WHERE seq = 2")

    assert store.count_incorrect(ids) == 1


def test_a_file_that_is_no_database_is_named_by_its_error(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)

    with pytest.raises(StoreError) as error:
        Store(path, clock=time.time, stopwatch=time.monotonic)

    assert error.value.code == "SQLITE_NOTADB"


def test_a_store_that_cannot_grow_refuses_and_recovers(store: Store, path: Path) -> None:
    """A file size limit stands for the full disk; the scenario disk-full uses a real one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.with_name("power.db-wal").stat().st_size, hard))
    try:
        with pytest.raises(StoreError) as error:
            store.commit(Batch(readings(*range(1, 400))))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, old)

    assert error.value.code.startswith(("SQLITE_IOERR", "SQLITE_FULL"))
    assert len(store.commit(Batch(readings(*range(1, 400)))).ids) == 399


def test_a_killed_writer_leaves_whole_batches(path: Path) -> None:
    """Killed in mid-stream, its readings and its feeder minutes still agree."""
    script = """
        import sys, time
        from pathlib import Path
        from gridobs.testbed.processor.store import Batch, Store
        from gridobs.testbed.reading import Reading
        store = Store(Path(sys.argv[1]), clock=time.time, stopwatch=time.monotonic)
        for first in range(1, 10**9, 7):
            seven = [(Reading("m", "f", seq, 60.0, 230.0, 1.0, 1.0, 1.0), 60.0) for seq in range(first, first + 7)]
            store.commit(Batch(seven))
            print(first, flush=True)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        while int(writer.stdout.readline()) < 500:
            pass
        writer.kill()

    ((stored, counted),) = rows(path, "SELECT count(*), (SELECT sum(records) FROM feeder_minutes) FROM readings")

    assert isinstance(stored, int)
    assert stored >= 500
    assert stored % 7 == 0
    assert stored == counted

"""The audit finds what it is for: a planted loss, a planted double, a planted miscount."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest

from gridobs.conventions import CANARY_METER
from gridobs.testbed.audit import Audit, audit
from gridobs.testbed.meters.ledger import Ledger, Tally
from gridobs.testbed.processor.store import Batch, DeadLetter, Store
from gridobs.testbed.processor.validation import Rejected, Rejection
from gridobs.testbed.reading import Reading

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """Ten readings and a dead letter, all acknowledged and all there."""
    with contextlib.closing(Ledger(tmp_path / "meters.db")) as ledger:
        ledger.write([("m", seq) for seq in range(1, 12)], Tally(acknowledged=11))
    with contextlib.closing(Store(tmp_path / "power.db", clock=time.time, stopwatch=time.monotonic)) as store:
        readings = [Reading("m", "f", seq, 60.0 * (seq // 4), 230.0, 1.0, 1.0, 1.0) for seq in range(1, 11)]
        dead = DeadLetter("t", b"noise", 1.0, Rejected(Rejection.CHECKSUM, "m", 11))
        store.commit(Batch([(reading, 1.0) for reading in readings], [dead]))
    return tmp_path


def compare(books: Path) -> Audit:
    return audit(ledger=books / "meters.db", store=books / "power.db")


def plant(books: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(books / "power.db", isolation_level=None)) as db:
        db.execute(statement)


def test_agreeing_books_are_clean(books: Path) -> None:
    assert Audit(acknowledged=11, stored=10, dead_letters=1, lost=0, counted_twice=0) == compare(books)
    assert compare(books).clean


def test_a_canary_is_no_meter_s_record_and_no_fault(books: Path) -> None:
    canary = Reading(CANARY_METER, CANARY_METER, 7, 60.0, 230.0, 0.0, 0.0, 0.0)
    with contextlib.closing(Store(books / "power.db", clock=time.time, stopwatch=time.monotonic)) as store:
        store.commit(Batch([(canary, 1.0)]))

    assert Audit(acknowledged=11, stored=10, dead_letters=1, lost=0, counted_twice=0) == compare(books)


def test_an_acknowledged_record_that_is_nowhere_is_lost(books: Path) -> None:
    plant(books, "DELETE FROM dead_letters")

    assert compare(books).lost == 1
    assert not compare(books).clean


def test_a_record_stored_and_dead_at_once_is_counted_twice(books: Path) -> None:
    plant(books, "UPDATE dead_letters SET seq = 5")

    assert compare(books).counted_twice == 1


@pytest.mark.parametrize("change", ["records = records + 1", "records = records - 1", "minute = 99"])
def test_a_feeder_minute_that_disagrees_with_its_readings_is_found(books: Path, change: str) -> None:
    plant(books, f"UPDATE feeder_minutes SET {change} WHERE minute = 1")  # noqa: S608 - the parameters above

    assert compare(books).counted_twice > 0


def test_a_record_nobody_acknowledged_is_no_fault(books: Path) -> None:
    with contextlib.closing(sqlite3.connect(books / "meters.db", isolation_level=None)) as db:
        db.execute("DELETE FROM acknowledged WHERE seq = 3")

    assert compare(books).clean

"""Samples in a real store, written by the reference processor, and what can become of them on a disk."""

from __future__ import annotations

import random
import sqlite3
import struct
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.metric import Samples
from gridobs_exporters.pipeline.accuracy import AccuracyCheck, AccuracySettings, is_correct
from gridobs_exporters.pipeline.store import Store, error_name
from hypothesis import given, settings
from hypothesis import strategies as st

from gridobs.testbed.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.exporters.conftest import Hands

Numbers = tuple[float, float, float]
ANYTHING = st.none() | st.integers() | st.floats() | st.text() | st.binary()


class Checked:
    """A check of ``path``, with its errors."""

    def __init__(self, path: Path, hands: Hands, *, samples: int, seed: int = 1) -> None:
        self.path = path
        self.errors: list[str] = []
        self.check = AccuracyCheck(
            Store(path),
            AccuracySettings(interval=60, samples=samples),
            clock=hands.clock,
            rng=random.Random(seed),  # noqa: S311 - no secret
            failed=lambda error: self.errors.append(error_name(error)),
        )

    def numbers(self) -> Numbers:
        """Checked, incorrect, and when."""
        samples = Samples()
        self.check.add_to(samples, "store")
        checked, incorrect, at = (family.samples[0].value for family in samples.families()[0])
        return checked, incorrect, at


def flip(path: Path, number: int) -> None:
    """One bit of a voltage, on the disk: SQLite sees nothing of it."""
    content = path.read_bytes()
    with closing(sqlite3.connect(path)) as db:
        (true,) = db.execute("SELECT voltage FROM readings WHERE id = ?", (number,)).fetchone()
        (page,) = db.execute("PRAGMA page_count").fetchone()
    assert page > 1
    bad = struct.pack(">d", true + 0.5)
    assert content.count(struct.pack(">d", true)) == 1
    path.write_bytes(content.replace(struct.pack(">d", true), bad))


@pytest.fixture
def damaged(filled: Callable[[int], Path]) -> Callable[[int, int], Path]:
    """A store of so many records of which one, by its id, was damaged on the disk."""

    def make(records: int, number: int) -> Path:
        path = filled(records)
        with closing(sqlite3.connect(path)) as db:
            meter, seq = db.execute("SELECT meter, seq FROM readings WHERE id = ?", (number,)).fetchone()
            one = Reading(meter, "feeder-00", seq, 59.0 + number, 231.77, 1.5, 345.4, 1.0)
            with db:
                db.execute(
                    "UPDATE readings SET voltage = ?, checksum = ? WHERE id = ?", (231.77, one.checksum, number)
                )
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        flip(path, number)
        return path

    return make


def test_samples_that_are_right_are_checked_once_when_new_and_again_by_chance(
    filled: Callable[[int], Path], hands: Hands
) -> None:
    one = Checked(filled(300), hands, samples=50)
    assert one.numbers() == (0, 0, 0)
    assert one.check.check()
    checked, incorrect, at = one.numbers()

    assert 90 <= checked <= 100, "the newest 50, and 50 of the others but for those drawn twice"
    assert (incorrect, at) == (0, hands.clock.wall())
    hands.now = 60
    assert one.check.check()
    again = one.numbers()
    assert 140 <= again[0] <= 150, "there is nothing new"
    assert again[1:] == (0, hands.clock.wall())


def test_a_new_sample_that_was_damaged_on_the_disk_is_found_at_once(
    damaged: Callable[[int, int], Path], hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    one = Checked(damaged(300, 299), hands, samples=50)
    assert one.check.check()

    assert one.numbers()[1] == 1
    assert "1 samples of" in caplog.text
    assert "the first is id 299" in caplog.text


def test_an_old_sample_that_was_damaged_is_found_in_the_end(
    damaged: Callable[[int, int], Path], hands: Hands
) -> None:
    one = Checked(damaged(300, 7), hands, samples=20)
    rounds = next(number for number in range(200) if one.check.check() and one.numbers()[1])

    assert rounds > 0, "it was not among the newest"
    with closing(sqlite3.connect(f"file:{one.path}?mode=ro", uri=True)) as db:
        assert db.execute("PRAGMA quick_check").fetchone() == ("ok",), "SQLite has nothing to say of it"


def test_the_seed_says_which_samples_are_read(damaged: Callable[[int, int], Path], hands: Hands) -> None:
    path = damaged(300, 7)
    found = []
    for seed in (1, 1, 2):
        one = Checked(path, hands, samples=20, seed=seed)
        found.append([one.check.check() and one.numbers()[1] for _ in range(30)])

    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    "values",
    [
        "seq = 8",
        "checksum = NULL",
        "voltage = 'much'",
        "voltage = NULL",
        "seq = 1.5",
        "meter = x'ff00'",
        "feeder = CAST(x'ff41' AS TEXT)",
        "energy = 9e999",
        "checksum = checksum + 1",
    ],
)
def test_whatever_became_of_a_sample_it_is_incorrect_and_no_error(
    filled: Callable[[int], Path], hands: Hands, values: str
) -> None:
    path = filled(10)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(
            "CREATE TABLE loose AS SELECT * FROM readings; DROP TABLE readings; ALTER TABLE loose RENAME TO readings"
        )
        db.execute(f"UPDATE readings SET {values} WHERE id = 5")  # noqa: S608 - those above
    one = Checked(path, hands, samples=50)

    assert one.check.check()
    assert one.numbers()[:2] == (10, 1)
    assert one.errors == []


def test_samples_that_cannot_be_read_are_no_run(filled: Callable[[int], Path], hands: Hands) -> None:
    path = filled(10)
    whole = path.read_bytes()
    one = Checked(path, hands, samples=5)
    path.write_bytes(b"power" * 5000)
    assert not one.check.check()
    assert one.numbers() == (0, 0, 0)
    path.write_bytes(whole)
    assert one.check.check()

    assert one.numbers()[0] >= 5
    assert one.errors == ["SQLITE_NOTADB"]


def test_an_empty_store_has_no_samples_and_that_is_a_run(filled: Callable[[int], Path], hands: Hands) -> None:
    one = Checked(filled(0), hands, samples=5)

    assert one.check.check()
    assert one.numbers() == (0, 0, hands.clock.wall())


def test_a_smaller_store_in_its_place_is_checked_from_its_start(filled: Callable[[int], Path], hands: Hands) -> None:
    path = filled(300)
    one = Checked(path, hands, samples=200)
    one.check.check()
    before = one.numbers()[0]
    path.unlink()
    filled(100)
    one.check.check()

    assert one.numbers()[0] - before == 100


@settings(derandomize=True, database=None)
@given(st.tuples(*[ANYTHING] * 9))
def test_no_row_is_too_strange_to_be_judged(row: tuple[object, ...]) -> None:
    assert not is_correct(row)

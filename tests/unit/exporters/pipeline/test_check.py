"""``quick_check``: its age, its verdicts, and that it can be broken off."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.clock import Clock
from gridobs_exporters.pipeline.integrity import CheckSettings, QuickCheck
from gridobs_exporters.pipeline.store import Store, error_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.exporters.conftest import Hands
    from tests.unit.exporters.pipeline.conftest import MakeWatched

HOURLY = CheckSettings(interval=3600, timeout=600)
MANY = """
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 400000)
    INSERT INTO dead_letters (digest, topic, payload, reason, received_at) SELECT n, 't', 'p', 'r', n FROM numbers
"""


@pytest.fixture
def large(filled: Callable[[int], Path]) -> Path:
    """A store whose check takes longer than it takes to look at the time."""
    path = filled(1)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(MANY)
    return path


def test_a_fault_leaves_the_age_of_the_last_good_check(
    filled: Callable[[int], Path], hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    path = filled(100)
    errors: list[sqlite3.Error] = []
    check = QuickCheck(Store(path), HOURLY, clock=hands.clock, failed=errors.append)
    assert check.report.last_run == check.report.last_ok == 0

    assert check.check()
    good = check.report
    assert good.last_run == good.last_ok == hands.clock.wall()

    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    hands.now = 10
    assert check.check()
    assert (check.report.last_ok, check.report.last_run) == (good.last_ok, good.last_run + 10)
    assert "found a fault" in caplog.text
    assert "restore the store from a copy" in caplog.text

    path.unlink()
    hands.now = 20
    assert not check.check(), "no check is no verdict"
    assert check.report.last_run == good.last_run + 10
    assert [error_name(error) for error in errors] == ["SQLITE_CANTOPEN"]

    path.write_bytes(whole)
    assert check.check()
    assert check.report.last_ok == good.last_run + 20


def test_a_check_that_takes_too_long_is_broken_off_and_is_no_verdict(
    large: Path, caplog: pytest.LogCaptureFixture
) -> None:
    errors: list[sqlite3.Error] = []
    check = QuickCheck(Store(large), CheckSettings(interval=60, timeout=0.001), clock=Clock(), failed=errors.append)

    assert check.check(), "trying again at once would not mend it"
    assert check.report.last_run == 0
    assert [error_name(error) for error in errors] == ["SQLITE_INTERRUPT"]
    assert "give it a longer quick_check_timeout" in caplog.text


def test_the_end_of_the_process_does_not_wait_for_a_check(large: Path, hands: Hands) -> None:
    errors: list[sqlite3.Error] = []
    check = QuickCheck(
        Store(large), CheckSettings(interval=0.001, timeout=60), clock=hands.clock, failed=errors.append
    )
    check.start()
    time.sleep(0.05)
    check.stop()

    assert not [thread for thread in threading.enumerate() if thread.name == "pipeline-check"]
    assert errors == []


def test_without_checks_there_are_no_series_of_them(writer: sqlite3.Connection, watched: MakeWatched) -> None:
    assert writer
    text = watched().scrape().text

    assert [part for part in ("quick_check", "samples", "canary") if f"gridobs_pipeline_{part}" in text] == []


def test_the_age_of_a_check_is_exposed_with_the_interval_it_should_have(
    writer: sqlite3.Connection, watched: MakeWatched
) -> None:
    assert writer
    page = watched(check=HOURLY).scrape()

    assert page["quick_check_interval_seconds"] == 3600
    assert page["quick_check_last_run_timestamp_seconds"] == page["quick_check_last_ok_timestamp_seconds"] == 0
    assert page.get("quick_check_duration_seconds") is None

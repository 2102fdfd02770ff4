"""The store as a scrape sees it: whole, empty, without some tables, with the canary in it - and never touched."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.pipeline import accuracy, canary, facts
from gridobs_exporters.pipeline.store import Store, StoreChangedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.exporters.conftest import Hands
    from tests.unit.exporters.pipeline.conftest import MakeWatched

NOON = 1_700_000_000.0
QUERIES = {
    name: query
    for module in (facts, accuracy, canary)
    for name, query in vars(module).items()
    if name.isupper() and isinstance(query, str) and query.lstrip().startswith(("SELECT", "WITH"))
}


def test_promtool_finds_nothing_to_say(writer: sqlite3.Connection, watched: MakeWatched, promtool: str) -> None:
    assert writer.in_transaction is False
    text = watched().scrape().text
    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_no_query_reads_a_table_from_end_to_end(writer: sqlite3.Connection, query: str) -> None:
    """A store of a hundred million records costs a scrape what one of three does: every step is a search by key."""
    parameters = {"canary": "", "last": 0} if ":" in query else ("", 0)[: query.count("?")]
    plan = [row[3] for row in writer.execute(f"EXPLAIN QUERY PLAN {query}", parameters)]

    assert plan
    allowed = {"SCAN CONSTANT ROW", "SCAN feeders"}  # the latter is not a table: at most 64 rows that were just made
    assert [step for step in plan if step.startswith("SCAN") and step not in allowed] == []
    assert [step for step in plan if "TEMP B-TREE" in step] == []


def test_all_queries_are_known(writer: sqlite3.Connection) -> None:
    assert writer
    assert len(QUERIES) == 11


def test_a_scrape_of_many_records_reads_few_pages(filled: Callable[[int], Path], watched: MakeWatched) -> None:
    """Counted in steps of SQLite's machine, which do not depend on the machine below it."""
    steps = {}
    for records in (2_000, 60_000):
        store = Store(filled(records))
        with store.reading() as connection:
            counted = [0]
            connection.set_progress_handler(lambda counted=counted: counted.__setitem__(0, counted[0] + 1), 1)  # type: ignore[misc] # a default binds it
            for query in (
                facts.NEWEST_ID,
                facts.DEAD_LETTERS,
                facts.DEAD_LETTER_REASONS,
                facts.FEEDERS,
                facts.BACKLOG,
            ):
                connection.execute(query).fetchall()
            for query in (facts.LAST_RECORD, facts.RECENT_RECORDS):
                connection.execute(query, {"canary": "gridobs-canary", "last": records}).fetchall()
        store.path.unlink()
        steps[records] = counted[0]
        assert watched(store.path)

    assert steps[60_000] == steps[2_000] > 100


def test_records_are_seen_while_the_writer_holds_a_transaction(
    writer: sqlite3.Connection, watched: MakeWatched
) -> None:
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO readings (meter, seq, event_time, stored_at) VALUES ('m-3', 1, 0, 0)")
    page = watched().scrape()

    assert page["up"] == 1
    assert page["records_stored"] == 3


def test_a_backlog_that_is_not_renewed_disappears(
    writer: sqlite3.Connection, hands: Hands, watched: MakeWatched
) -> None:
    assert writer.in_transaction is False
    hands.now = 59.5
    assert watched().scrape()["backlog_messages"] == 40
    hands.now = 59.6
    page = watched().scrape()

    assert "gridobs_pipeline_backlog" not in page.text
    assert page["records_stored"] == 3


def test_no_backlog_has_no_oldest_message(writer: sqlite3.Connection, watched: MakeWatched) -> None:
    writer.execute("UPDATE pipeline_state SET backlog = 0, backlog_oldest = NULL")
    page = watched().scrape()

    assert page["backlog_messages"] == 0
    assert "gridobs_pipeline_backlog_oldest" not in page.text


def test_an_empty_store_is_up_with_no_records(writer: sqlite3.Connection, watched: MakeWatched) -> None:
    writer.executescript("DELETE FROM readings; DELETE FROM dead_letters; DELETE FROM pipeline_state;")
    page = watched().scrape()

    assert page["up"] == 1
    assert page["records_stored"] == 0
    assert page["dead_letters"] == 0
    assert page.get("lag_seconds") is page.get("newest_event_timestamp_seconds") is None
    assert page.success == 1


def test_a_store_without_all_its_tables_is_up_but_no_success(
    writer: sqlite3.Connection, watched: MakeWatched
) -> None:
    writer.execute("DROP TABLE pipeline_state")
    page = watched().scrape()

    assert page["up"] == 1
    assert page["records_stored"] == 3
    assert page.errors == {"SQLITE_ERROR": 1}
    assert page.success == 0


@pytest.mark.parametrize(
    "values", ["event_time = 'noon'", "stored_at = NULL", "event_time = x'00', stored_at = 9e999"]
)
def test_a_value_of_a_wrong_type_costs_what_needs_it_and_is_counted(
    writer: sqlite3.Connection, watched: MakeWatched, values: str
) -> None:
    writer.execute(f"UPDATE readings SET {values} WHERE id = 3")  # noqa: S608 - the three above
    page = watched().scrape()

    assert page["up"] == 1
    assert page.get("lag_seconds") is None
    assert page["backlog_messages"] == 40
    assert page.errors == {"DAMAGED": 1}
    assert page.success == 0


def test_names_that_are_not_text_cost_nothing(writer: sqlite3.Connection, hands: Hands, watched: MakeWatched) -> None:
    writer.execute("INSERT INTO feeder_minutes VALUES (CAST(x'ff41' AS TEXT), ?, 1)", (NOON // 60,))
    hands.now = 1
    page = watched().scrape()

    assert page['feeder_newest_minute_timestamp_seconds{feeder="\ufffdA"}'] == NOON // 60 * 60
    assert page.success == 1


def test_late_records_and_the_watermark_are_those_of_the_last(
    writer: sqlite3.Connection, watched: MakeWatched
) -> None:
    writer.execute("INSERT INTO readings (meter, seq, event_time, stored_at) VALUES ('late', 1, ?, ?)", (1.0, 6.1))
    rows = [("in-time", number, 100.0 + number, 105.0 + number) for number in range(255)]
    writer.executemany("INSERT INTO readings (meter, seq, event_time, stored_at) VALUES (?, ?, ?, ?)", rows)
    page = watched().scrape()

    assert (page["recent_records"], page["recent_late_records"]) == (256, 1)
    assert page["watermark_timestamp_seconds"] == 1
    writer.execute("INSERT INTO readings (meter, seq, event_time, stored_at) VALUES ('in-time', 300, 400, 401)")
    page = watched().scrape()

    assert (page["recent_records"], page["recent_late_records"]) == (256, 0)
    assert page["watermark_timestamp_seconds"] == 100
    assert page["newest_event_timestamp_seconds"] == 400


def test_canaries_do_not_make_a_silent_store_look_fresh(writer: sqlite3.Connection, watched: MakeWatched) -> None:
    rows = [("gridobs-canary", number, NOON + number, NOON + number) for number in range(600)]
    writer.executemany("INSERT INTO readings (meter, seq, event_time, stored_at) VALUES (?, ?, ?, ?)", rows)
    page = watched().scrape()

    assert page["newest_event_timestamp_seconds"] == NOON - 1
    assert page["recent_records"] == 3
    assert page["records_stored"] == 603
    writer.execute("DELETE FROM readings WHERE meter <> 'gridobs-canary'")
    assert watched().scrape()["newest_event_timestamp_seconds"] == 0


def test_a_feeder_is_known_by_its_newest_minute_until_it_is_silent_for_a_day(
    writer: sqlite3.Connection, hands: Hands, watched: MakeWatched
) -> None:
    minute = int(NOON // 60)
    rows = [("f-1", minute - 9, 7), ("f-1", minute, 7), ("f-2", minute - 1441, 7), ("gridobs-canary", minute, 1)]
    rows += [(f"h-{number:03d}", minute, 1) for number in range(100)]
    writer.executemany("INSERT INTO feeder_minutes VALUES (?, ?, ?)", rows)
    hands.now = 0
    page = watched().scrape()

    assert page['feeder_newest_minute_timestamp_seconds{feeder="f-1"}'] == 60 * minute
    lines = [line for line in page.text.splitlines() if line.startswith("gridobs_pipeline_feeder_")]
    assert len(lines) == 62, "the first 64 of 103, without the one that is gone and the canary's"


def test_dead_letters_are_told_by_reason_and_an_oversized_one_is_not_read(
    writer: sqlite3.Connection, watched: MakeWatched
) -> None:
    rows = [(bytes([1, number]), b"x", "range") for number in range(70)] + [(b"2", bytes(100_001), "malformed")]
    writer.executemany("INSERT INTO dead_letters (digest, payload, reason) VALUES (?, ?, ?)", rows)
    page = watched().scrape()

    assert page["dead_letters"] == 72
    assert page['dead_letters_recent{reason="range"}'] == 63
    assert page['dead_letters_recent{reason="oversized"}'] == 1
    assert page.get('dead_letters_recent{reason="checksum"}') is None


def test_the_wal_is_told_by_what_it_holds_and_not_by_its_size(
    writer: sqlite3.Connection, watched: MakeWatched
) -> None:
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    one = watched()
    before = one.scrape()
    assert before["wal_frames"] == before["wal_pending_frames"] > 5
    writer.execute("PRAGMA wal_checkpoint(PASSIVE)")
    copied = one.scrape()
    writer.execute("DELETE FROM dead_letters")
    after = one.scrape()

    assert (copied["wal_frames"], copied["wal_pending_frames"]) == (before["wal_frames"], 0)
    assert 0 < after["wal_frames"] == after["wal_pending_frames"] < 5
    assert after['store_bytes{file="wal"}'] == before['store_bytes{file="wal"}']


def test_reading_makes_no_file_and_changes_none(
    writer: sqlite3.Connection, watched: MakeWatched, tmp_path: Path
) -> None:
    """A plain read-only connection would leave -wal and -shm files of its own beside a store nobody writes."""
    writer.close()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    page = watched().scrape()

    assert list(before) == ["store.db"]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert page["records_stored"] == 3
    assert 'journal_mode="wal"' in page.text


def test_reading_never_checkpoints(writer: sqlite3.Connection, watched: MakeWatched, tmp_path: Path) -> None:
    assert writer.in_transaction is False
    wal = (tmp_path / "store.db-wal").read_bytes()
    watched().scrape()

    assert (tmp_path / "store.db-wal").read_bytes() == wal


@pytest.mark.parametrize("name", [b"a b?mode=rw#%41.db", b"\xff\xfe.db", "Zähler.db".encode()])
def test_a_store_may_be_called_anything(
    filled: Callable[[int], Path], watched: MakeWatched, tmp_path: Path, name: bytes
) -> None:
    path = tmp_path / os.fsdecode(name)
    filled(3).rename(path)
    page = watched(path).scrape()

    assert (page["up"], page["records_stored"]) == (1, 3)
    assert [os.fsencode(one) for one in tmp_path.iterdir()] == [os.fsencode(path)]


def test_a_link_is_followed_to_where_the_other_files_are(
    writer: sqlite3.Connection, watched: MakeWatched, tmp_path: Path
) -> None:
    assert writer.in_transaction is False
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "store.db")
    page = watched(link).scrape()

    assert page["records_stored"] == 3
    assert page['store_bytes{file="wal"}'] > 0


def test_what_was_read_while_a_writer_came_is_not_believed(writer: sqlite3.Connection, tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    writer.close()
    with pytest.raises(StoreChangedError), Store(path).reading() as reader:  # noqa: PT012 - it is the end that raises
        reader.execute(facts.NEWEST_ID).fetchone()
        came = sqlite3.connect(path, isolation_level=None)
        came.execute("DELETE FROM readings")
    came.close()

"""The store as the exporter sees it: whole, missing, locked, broken - and never touched."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.pipeline import store
from gridobs_exporters.pipeline.collector import PipelineCollector, PipelineSettings
from gridobs_exporters.pipeline.integrity import QuickCheck
from gridobs_exporters.scrape import Scraper
from prometheus_client import CollectorRegistry, generate_latest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.core import Metric

    from tests.unit.exporters.conftest import Hands

GOLDEN = Path(__file__).parents[2] / "golden" / "exporters" / "pipeline.prom"
UNSTEADY = ("gridobs_pipeline_filesystem_", "gridobs_exporter_collector_duration_seconds{")


class Registered:
    """One scrape, as a registry collects it."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families

    def describe(self) -> Iterable[Metric]:
        return ()


def exposition(path: Path, hands: Hands, *, check: bool = False) -> str:
    collector = PipelineCollector(
        PipelineSettings(store=path, quick_check_interval=3600 if check else 0), clock=hands.clock
    )
    return scraped(collector, hands)


def scraped(collector: PipelineCollector, hands: Hands) -> str:
    registry = CollectorRegistry()
    registry.register(Registered(Scraper([collector], version="0", clock=hands.clock).scrape(timeout=30)))
    return generate_latest(registry).decode()


def sample(text: str, name: str) -> float | None:
    lines = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return float(lines[0].split()[1]) if lines else None


def from_database(text: str) -> list[str]:
    """Names of the series that only a readable store can give."""
    about_files = (
        "gridobs_pipeline_up",
        "gridobs_pipeline_errors",
        "gridobs_pipeline_filesystem",
        "gridobs_exporter",
    )
    names = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if not line.startswith("#")}
    return sorted(name for name in names if not name.startswith((*about_files, "gridobs_pipeline_store_bytes")))


def test_the_exposition_of_a_healthy_store_is_the_golden_one(
    writer: sqlite3.Connection, hands: Hands, tmp_path: Path
) -> None:
    """Write the golden file anew by deleting it; look at the difference before committing."""
    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    text = exposition(tmp_path / "store.db", hands, check=True)
    steady = "".join(line for line in text.splitlines(keepends=True) if not line.startswith(UNSTEADY))
    if not GOLDEN.exists():
        GOLDEN.write_text(steady)
        pytest.fail(f"{GOLDEN} was missing and has been written")

    assert steady == GOLDEN.read_text()


def test_promtool_finds_nothing_to_say(
    writer: sqlite3.Connection, hands: Hands, tmp_path: Path, promtool: str
) -> None:
    assert writer.in_transaction is False
    text = exposition(tmp_path / "store.db", hands, check=True)
    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


@pytest.mark.parametrize("query", [store.LAST_RECORD, store.BACKLOG, store.DEAD_LETTERS])
def test_no_query_reads_a_table_from_end_to_end(writer: sqlite3.Connection, query: str) -> None:
    plan = [row[3] for row in writer.execute(f"EXPLAIN QUERY PLAN {query}")]

    assert plan
    assert [step for step in plan if step.startswith("SCAN") and step != "SCAN CONSTANT ROW"] == []
    assert [step for step in plan if "TEMP B-TREE" in step] == []


def test_records_are_seen_while_the_writer_holds_a_transaction(
    writer: sqlite3.Connection, hands: Hands, tmp_path: Path
) -> None:
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO readings (meter, seq, event_time, stored_at) VALUES ('m-3', 1, 0, 0)")
    text = exposition(tmp_path / "store.db", hands)

    assert sample(text, "gridobs_pipeline_up") == 1
    assert sample(text, "gridobs_pipeline_records_stored") == 3


def test_a_backlog_that_is_not_renewed_disappears(writer: sqlite3.Connection, hands: Hands, tmp_path: Path) -> None:
    assert writer.in_transaction is False
    hands.now = 59.5
    assert sample(exposition(tmp_path / "store.db", hands), "gridobs_pipeline_backlog_messages") == 40
    hands.now = 59.6
    text = exposition(tmp_path / "store.db", hands)

    assert "gridobs_pipeline_backlog" not in text
    assert sample(text, "gridobs_pipeline_records_stored") == 3


def test_no_backlog_has_no_oldest_message(writer: sqlite3.Connection, hands: Hands, tmp_path: Path) -> None:
    writer.execute("UPDATE pipeline_state SET backlog = 0, backlog_oldest = NULL")
    text = exposition(tmp_path / "store.db", hands)

    assert sample(text, "gridobs_pipeline_backlog_messages") == 0
    assert "gridobs_pipeline_backlog_oldest" not in text


def test_an_empty_store_is_up_with_no_records(writer: sqlite3.Connection, hands: Hands, tmp_path: Path) -> None:
    writer.executescript("DELETE FROM readings; DELETE FROM dead_letters; DELETE FROM pipeline_state;")
    text = exposition(tmp_path / "store.db", hands)

    assert sample(text, "gridobs_pipeline_up") == 1
    assert sample(text, "gridobs_pipeline_records_stored") == 0
    assert "gridobs_pipeline_lag_seconds" not in text
    assert sample(text, 'gridobs_exporter_collector_success{collector="pipeline"}') == 1


def test_a_store_without_all_its_tables_is_up_but_no_success(
    writer: sqlite3.Connection, hands: Hands, tmp_path: Path
) -> None:
    writer.execute("DROP TABLE pipeline_state")
    text = exposition(tmp_path / "store.db", hands)

    assert sample(text, "gridobs_pipeline_up") == 1
    assert sample(text, "gridobs_pipeline_records_stored") == 3
    assert sample(text, 'gridobs_pipeline_errors_total{code="SQLITE_ERROR"}') == 1
    assert sample(text, 'gridobs_exporter_collector_success{collector="pipeline"}') == 0


def missing(path: Path) -> None:
    shutil.rmtree(path.parent)


def a_folder(path: Path) -> None:
    path.mkdir()


def empty(path: Path) -> None:
    path.touch()


def no_database(path: Path) -> None:
    path.write_bytes(b"power" * 5000)


def corrupt(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE readings (id INTEGER PRIMARY KEY, event_time REAL, stored_at REAL);")
        connection.executescript("INSERT INTO readings VALUES (1, 1, 1);")
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * 4096)


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (missing, "SQLITE_CANTOPEN"),
        (a_folder, "SQLITE_IOERR"),
        (empty, "SQLITE_ERROR"),
        (no_database, "SQLITE_NOTADB"),
        (corrupt, "SQLITE_CORRUPT"),
    ],
)
def test_a_store_that_cannot_be_read_is_down_and_says_why(
    broken: object, code: str, hands: Hands, tmp_path: Path
) -> None:
    assert callable(broken)
    path = tmp_path / "site" / "store.db"
    path.parent.mkdir()
    broken(path)
    text = exposition(path, hands)

    assert sample(text, "gridobs_pipeline_up") == 0
    assert from_database(text) == []
    codes = {
        line.split('"')[1] for line in text.splitlines() if "errors_total{" in line and not line.endswith(" 0.0")
    }
    assert {name[: len(code)] for name in codes} == {code}


def test_a_locked_store_is_down_until_it_is_let_go(writer: sqlite3.Connection, hands: Hands, tmp_path: Path) -> None:
    collector = PipelineCollector(
        PipelineSettings(store=tmp_path / "store.db", quick_check_interval=0), clock=hands.clock
    )
    writer.execute("PRAGMA locking_mode = EXCLUSIVE")
    writer.execute("DELETE FROM dead_letters")
    locked = scraped(collector, hands)
    writer.close()
    free = scraped(collector, hands)

    assert sample(locked, "gridobs_pipeline_up") == 0
    assert sample(locked, 'gridobs_pipeline_errors_total{code="SQLITE_BUSY"}') == 1
    assert sample(free, "gridobs_pipeline_up") == 1


def test_reading_makes_no_file_and_changes_none(writer: sqlite3.Connection, hands: Hands, tmp_path: Path) -> None:
    """A plain read-only connection would leave -wal and -shm files of its own beside a store nobody writes."""
    writer.close()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    text = exposition(tmp_path / "store.db", hands, check=True)

    assert list(before) == ["store.db"]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert sample(text, "gridobs_pipeline_records_stored") == 3
    assert 'journal_mode="wal"' in text


def test_reading_never_checkpoints(writer: sqlite3.Connection, hands: Hands, tmp_path: Path) -> None:
    assert writer.in_transaction is False
    wal = (tmp_path / "store.db-wal").read_bytes()
    exposition(tmp_path / "store.db", hands)

    assert (tmp_path / "store.db-wal").read_bytes() == wal


def test_what_was_read_while_a_writer_came_is_not_believed(writer: sqlite3.Connection, tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    writer.close()
    with pytest.raises(store.WriterCameError), store.reading(path) as reader:  # noqa: PT012 - it is the end that raises
        reader.execute(store.LAST_RECORD).fetchone()
        came = sqlite3.connect(path, isolation_level=None)
        came.execute("DELETE FROM readings")
    came.close()


def test_quick_check_reports_its_age_and_a_fault_leaves_the_last_good_one(
    writer: sqlite3.Connection, hands: Hands, tmp_path: Path
) -> None:
    path = tmp_path / "store.db"
    writer.close()
    errors: list[sqlite3.Error] = []
    check = QuickCheck(path, interval=3600, clock=hands.clock, failed=errors.append)
    assert check.report.last_run == check.report.last_ok == 0

    assert check.check()
    good = check.report
    assert good.last_run == good.last_ok == hands.clock.wall()

    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    hands.now = 10
    assert check.check()
    assert (check.report.last_ok, check.report.last_run) == (good.last_ok, good.last_run + 10)

    path.unlink()
    hands.now = 20
    assert not check.check(), "no check is no verdict"
    assert check.report.last_run == good.last_run + 10
    assert [store.error_name(error) for error in errors] == ["SQLITE_CANTOPEN"]

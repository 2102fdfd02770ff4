"""Canaries through a real broker and the reference processor: seen, counted, and missed when a part of it fails."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.exporters.conftest import Exporter, Mosquitto, Start, Until

ATTEMPTS, SEEN = "gridobs_pipeline_canary_attempts_total", "gridobs_pipeline_canary_seconds_count"


def failures(reason: str) -> str:
    return f'gridobs_pipeline_canary_failures_total{{reason="{reason}",store="power"}}'


def of(series: str) -> str:
    return f'{series}{{store="power"}}'


@dataclass
class Processor:
    """The reference processor, which can be killed, stopped in its tracks and started again."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def store(self) -> Path:
        return self.folder / "power.db"

    def start(self) -> None:
        command = [sys.executable, "-m", "gridobs.testbed.processor", "--metrics=127.0.0.1:0"]
        with (self.folder / "processor.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, f"--store={self.store}", f"--broker=127.0.0.1:{self.port}"], stdout=log, stderr=log
            )

    def signal(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()


@pytest.fixture
def processor(tmp_path: Path, broker: Mosquitto) -> Iterator[Processor]:
    one = Processor(folder=tmp_path, port=broker.port)
    yield one
    one.kill()


@pytest.fixture
def flying(broker: Mosquitto, processor: Processor, exporter: Start, until: Until) -> Exporter:
    """An exporter whose canaries arrive."""
    broker.start()
    processor.start()
    one = exporter(
        f"--pipeline.store={processor.store}",
        f"--pipeline.canary-broker=mqtt://127.0.0.1:{broker.port}",
        "--pipeline.canary-interval=500ms",
        "--pipeline.canary-timeout=400ms",
    )
    until(lambda: one.scrape()[of(SEEN)] >= 3, what="three canaries")
    return one


def missed(one: Exporter, reason: str) -> float:
    return one.scrape()[failures(reason)]


def counts_add_up(page: dict[str, float]) -> bool:
    failed = sum(value for name, value in page.items() if name.startswith("gridobs_pipeline_canary_failures_total"))
    return page[of(ATTEMPTS)] == page[of(SEEN)] + failed


@contextmanager
def refusing(store: Path) -> Iterator[None]:
    """Every commit of a record is refused. What a full disk does is shown by the demo's scenario."""
    with closing(sqlite3.connect(store, isolation_level=None, timeout=5)) as db:
        db.execute("CREATE TRIGGER refuse BEFORE INSERT ON readings BEGIN SELECT RAISE(ABORT, 'no space'); END")
        yield
        db.execute("DROP TRIGGER refuse")


@pytest.mark.e2e
def test_a_canary_is_seen_is_valid_and_adds_nothing(flying: Exporter, processor: Processor) -> None:
    page = flying.scrape()
    with closing(sqlite3.connect(f"file:{processor.store}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT meter, feeder, current, power, energy FROM readings").fetchall()
        (refused,) = db.execute("SELECT COUNT(*) FROM dead_letters").fetchone()

    assert counts_add_up(page)
    assert set(rows) == {("gridobs-canary", "gridobs-canary", 0.0, 0.0, 0.0)}
    assert refused == 0
    assert page[of("gridobs_pipeline_canary_last_success_timestamp_seconds")] > 1.7e9
    assert 0 < page[of("gridobs_pipeline_canary_seconds_sum")] / page[of(SEEN)] < 0.4
    assert page[of("gridobs_pipeline_newest_event_timestamp_seconds")] == 0, "no business record has come"


@pytest.mark.e2e
def test_a_dead_processor_is_missed_and_its_canaries_do_not_wait_for_it(
    flying: Exporter, processor: Processor, until: Until
) -> None:
    processor.kill()
    until(lambda: missed(flying, "missing") >= 4, what="canaries that are missed")
    seen = flying.scrape()[of(SEEN)]
    processor.start()
    until(lambda: flying.scrape()[of(SEEN)] > seen + 2, what="canaries again")

    page = flying.scrape()
    assert counts_add_up(page)
    with closing(sqlite3.connect(f"file:{processor.store}?mode=ro", uri=True)) as db:
        (stored,) = db.execute("SELECT COUNT(*) FROM readings").fetchone()
    assert stored < page[of(ATTEMPTS)], "those sent meanwhile have expired in the broker, but for the last"


@pytest.mark.e2e
def test_a_processor_that_hangs_is_missed_until_it_goes_on(
    flying: Exporter, processor: Processor, until: Until
) -> None:
    processor.signal(signal.SIGSTOP)
    until(lambda: missed(flying, "missing") >= 2, what="canaries that are missed")
    seen = flying.scrape()[of(SEEN)]
    processor.signal(signal.SIGCONT)
    until(lambda: flying.scrape()[of(SEEN)] > seen + 2, what="canaries again")


@pytest.mark.e2e
def test_a_store_that_takes_nothing_is_missed_until_it_does(
    flying: Exporter, processor: Processor, until: Until
) -> None:
    with refusing(processor.store):
        until(lambda: missed(flying, "missing") >= 2, what="canaries that are missed")
        assert flying.scrape()[of("gridobs_pipeline_up")] == 1, "reading it works all the time"
        seen = flying.scrape()[of(SEEN)]
    until(lambda: flying.scrape()[of(SEEN)] > seen + 2, what="canaries again")


@pytest.mark.e2e
def test_a_dead_broker_is_told_from_a_dead_processor(flying: Exporter, broker: Mosquitto, until: Until) -> None:
    before = missed(flying, "missing")
    broker.kill()
    until(lambda: missed(flying, "broker") >= 3, what="canaries the broker did not take")
    assert missed(flying, "missing") - before <= 1, "the one that was on its way"
    seen = flying.scrape()[of(SEEN)]
    broker.start()
    until(lambda: flying.scrape()[of(SEEN)] > seen + 2, what="canaries again")


@pytest.mark.e2e
def test_a_broker_without_a_processor_has_nobody_to_give_it_to(
    broker: Mosquitto, exporter: Start, until: Until, tmp_path: Path
) -> None:
    broker.start()
    one = exporter(
        f"--pipeline.store={tmp_path / 'power.db'}",
        f"--pipeline.canary-broker=mqtt://127.0.0.1:{broker.port}",
        "--pipeline.canary-interval=300ms",
        "--pipeline.canary-timeout=200ms",
    )
    until(lambda: missed(one, "unrouted") >= 2, what="canaries nobody subscribes to")

    assert one.logged().count("nobody subscribes to power/gridobs-canary/gridobs-canary/reading") == 1


@pytest.mark.e2e
def test_a_store_that_cannot_be_read_is_told_from_one_that_lacks_the_record(
    broker: Mosquitto, processor: Processor, exporter: Start, until: Until, tmp_path: Path
) -> None:
    broker.start()
    processor.start()
    one = exporter(
        f"--pipeline.store={tmp_path / 'elsewhere.db'}",
        f"--pipeline.canary-broker=mqtt://127.0.0.1:{broker.port}",
        "--pipeline.store-name=power",
        "--pipeline.canary-interval=300ms",
        "--pipeline.canary-timeout=200ms",
    )
    until(lambda: missed(one, "store") >= 2, what="canaries whose store cannot be read")

    assert "unable to open database file (SQLITE_CANTOPEN)" in one.logged()

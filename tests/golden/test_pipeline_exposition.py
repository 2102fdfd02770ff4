"""The exposition of the collector ``pipeline`` for a store of the reference processor."""

from __future__ import annotations

import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from gridobs_exporters.clock import Clock
from gridobs_exporters.mqtt.target import Broker
from gridobs_exporters.pipeline.accuracy import AccuracySettings
from gridobs_exporters.pipeline.canary import CanarySettings
from gridobs_exporters.pipeline.collector import PipelineCollector
from gridobs_exporters.pipeline.integrity import CheckSettings
from gridobs_exporters.pipeline.watch import StoreSettings

from gridobs.testbed.processor.store import Batch, DeadLetter, Store
from gridobs.testbed.processor.validation import Rejected, Rejection
from gridobs.testbed.reading import Reading
from tests.exposition import exposed

if TYPE_CHECKING:
    from collections.abc import Callable


GOLDEN = Path(__file__).parent / "exporters" / "pipeline.prom"
NOON = 1_700_000_000.0
UNSTEADY = "gridobs_pipeline_filesystem_"  # of the machine the test runs on


def test_a_store_in_use_whose_canary_finds_no_broker(
    tmp_path: Path, matches_golden: Callable[[Path, str], None]
) -> None:
    path = tmp_path / "power.db"
    with closing(Store(path, clock=lambda: NOON, stopwatch=lambda: 0.0)) as store:
        readings = [
            Reading(f"meter-0000{number}", f"feeder-0{number % 2}", 1, NOON - number, 230.0, 1.0, 229.0, 5.0)
            for number in range(1, 9)
        ]
        dead = DeadLetter("power/feeder-00/meter-00001/reading", b"{", NOON - 1, Rejected(Rejection.MALFORMED))
        store.commit(Batch([(reading, NOON - 0.5) for reading in readings], [dead]))
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.commit(Batch([(Reading("meter-00001", "feeder-01", 2, NOON, 230.0, 1.0, 229.0, 5.0), NOON)]))
        text = exposition(path)

    matches_golden(GOLDEN, "".join(line for line in text.splitlines(keepends=True) if UNSTEADY not in line))


def exposition(path: Path) -> str:
    """After the first round of everything that is done beside the scrapes."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    canary = CanarySettings(
        broker=Broker(host="127.0.0.1", port=port), topic="t", meter="gridobs-canary", interval=3600, timeout=5
    )
    settings = StoreSettings(
        name="main",
        path=path,
        check=CheckSettings(interval=3600, timeout=60),
        accuracy=AccuracySettings(interval=3600, samples=100),
        canary=canary,
    )
    collector = PipelineCollector([settings], clock=Clock(wall=lambda: NOON, monotonic=lambda: 0.0))
    collector.start()
    try:
        text, deadline = "", time.monotonic() + 30
        while not all(f"gridobs_pipeline_{done}" in text for done in DONE):
            assert time.monotonic() < deadline, text
            text = exposed(collector.collect().samples.families()[0])
        return text
    finally:
        collector.stop()


DONE = (
    'canary_attempts_total{store="main"} 1.0',
    'samples_last_run_timestamp_seconds{store="main"} 1.7e+09',
    'quick_check_last_run_timestamp_seconds{store="main"} 1.7e+09',
)

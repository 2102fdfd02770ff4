"""The store the processor writes is the store the exporter reads."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from gridobs_exporters.pipeline.store import Backlog, Record, read_store

from gridobs.testbed.processor.store import Batch, DeadLetter, Store
from gridobs.testbed.processor.validation import Rejected, Rejection
from gridobs.testbed.reading import Reading

if TYPE_CHECKING:
    from pathlib import Path


def test_the_exporter_finds_all_it_looks_for_while_the_processor_writes(tmp_path: Path) -> None:
    path = tmp_path / "power.db"
    readings = [Reading("m", "f", seq, 60.0 + seq, 230.0, 1.0, 1.0, 1.0) for seq in (1, 2)]
    dead = DeadLetter("t", b"noise", 69.0, Rejected(Rejection.MALFORMED))
    with contextlib.closing(Store(path, clock=lambda: 70.0, stopwatch=time.monotonic)) as store:
        store.commit(Batch([(reading, 68.0) for reading in readings], [dead]))

        facts = read_store(path)

    assert [] == facts.errors
    assert "wal" == facts.journal_mode
    assert Record(number=2, event_time=62.0, stored_at=70.0, newest_event_time=62.0) == facts.record
    assert Backlog(messages=3, oldest=68.0, updated_at=70.0) == facts.backlog
    assert 1 == facts.dead_letters

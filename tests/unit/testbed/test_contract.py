"""The store the processor writes is the store the exporter reads."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from gridobs_exporters.pipeline import canary, record, store
from gridobs_exporters.pipeline.facts import Backlog, Records, read_store
from hypothesis import given, settings
from hypothesis import strategies as st

from gridobs import conventions
from gridobs.testbed.processor.store import Batch, DeadLetter, Store
from gridobs.testbed.processor.validation import Rejected, Rejection, validate
from gridobs.testbed.reading import Reading, decode, encode

if TYPE_CHECKING:
    from pathlib import Path


FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)
READINGS = st.builds(
    Reading, st.text(), st.text(), st.integers(-(2**63), 2**63 - 1), FINITE, FINITE, FINITE, FINITE, FINITE
)


def test_the_exporter_finds_all_it_looks_for_while_the_processor_writes(tmp_path: Path) -> None:
    path = tmp_path / "power.db"
    readings = [Reading("m", "f", seq, 60.0 + seq, 230.0, 1.0, 1.0, 1.0) for seq in (1, 2)]
    dead = DeadLetter("t", b"noise", 69.0, Rejected(Rejection.MALFORMED))
    with contextlib.closing(Store(path, clock=lambda: 70.0, stopwatch=time.monotonic)) as writer:
        writer.commit(Batch([(reading, 68.0) for reading in readings], [dead]))

        facts = read_store(store.Store(path), canary="gridobs-canary")

    assert [] == facts.errors
    assert "wal" == facts.journal_mode
    assert 2 == facts.newest_id
    assert facts.records == Records(
        event_time=62.0, stored_at=70.0, newest_event_time=62.0, oldest_event_time=61.0, recent=2, late=2
    )
    assert Backlog(messages=3, oldest=68.0, stored_at=70.0) == facts.backlog
    assert (1, {"malformed": 1}) == (facts.dead_letters, facts.dead_letter_reasons)
    assert {"f": 1} == facts.feeder_minutes


@settings(derandomize=True, database=None, deadline=None)
@given(READINGS)
def test_the_exporter_computes_the_checksum_and_writes_the_record_as_a_meter_does(reading: Reading) -> None:
    values = [getattr(reading, field) for field in record.FIELDS]

    assert record.checksum(values) == reading.checksum
    assert record.encode(values) == encode(reading)
    assert decode(record.encode(values)) == (reading, reading.checksum)


def test_the_canary_is_known_by_one_name() -> None:
    assert canary.METER == conventions.CANARY_METER


def test_a_canary_is_a_valid_reading_that_adds_nothing() -> None:
    """What the exporter sends passes the processor's rules, on its topic."""
    payload = record.encode(("gridobs-canary", "gridobs-canary", 60_000, 60.0, 230.0, 0.0, 0.0, 0.0))

    reading = validate("power/gridobs-canary/gridobs-canary/reading", payload, now=60.0)

    assert isinstance(reading, Reading)
    assert (0, 0, 0) == (reading.current, reading.power, reading.energy)

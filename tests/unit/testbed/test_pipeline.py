"""From messages to records: counted once each, however often they come."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest

from gridobs import conventions as names
from gridobs.instrument import Stage
from gridobs.instrument.exposition import Exposition
from gridobs.testbed.meters.meter import corrupt
from gridobs.testbed.processor.pipeline import Arrival, Pipeline
from gridobs.testbed.processor.store import Store
from gridobs.testbed.reading import Reading, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = 1_700_000_000.0
READING = Reading("meter-00042", "feeder-00", 1, NOW - 2, 230.12, 5.123, 1120.4, 1234.5678)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with contextlib.closing(Store(tmp_path / "power.db", clock=lambda: NOW, stopwatch=time.monotonic)) as store:
        yield store


@pytest.fixture
def exposition() -> Iterator[Exposition]:
    with contextlib.closing(Exposition.build(service="power-data-processor")) as exposition:
        yield exposition


@pytest.fixture
def value(exposition: Exposition) -> Callable[..., float | None]:
    """The value of a series as Prometheus would scrape it."""
    return lambda name, **labels: exposition.registry.get_sample_value(name, labels)


@pytest.fixture
def pipeline(store: Store, exposition: Exposition) -> Pipeline:
    ticks = itertools.count()
    return Pipeline(store, exposition.metrics, clock=lambda: NOW, stopwatch=lambda: float(next(ticks)))


def arrival(seq: int, *, spoil: bool = False) -> Arrival:
    reading = dataclasses.replace(READING, seq=seq)
    payload = encode(reading)
    return Arrival(reading.topic, corrupt(payload) if spoil else payload, NOW, 0.0, mid=seq, connection=1)


def test_a_batch_is_received_stored_and_checked(pipeline: Pipeline, value: Callable[..., float]) -> None:
    assert pipeline.process([arrival(1), arrival(2)]) is not None

    assert value(names.POWER_RECORDS) == 2
    assert value(names.POWER_SAMPLES_CHECKED) == 2
    assert value(names.POWER_SAMPLES_INCORRECT) == 0
    assert value(names.POWER_RECORD_AGE + "_sum") == 2 * 2.0
    assert value(names.POWER_NEWEST_EVENT) == NOW - 2


def test_what_is_stored_went_nowhere_but_to_the_site_s_own_store(
    pipeline: Pipeline, value: Callable[..., float]
) -> None:
    batch = [arrival(1), arrival(1), arrival(2), arrival(3, spoil=True)]
    pipeline.process(batch)

    assert value(names.POWER_EGRESS_RECORDS, destination_class="local") == 2
    assert value(names.POWER_EGRESS_BYTES, destination_class="local") == len(batch[0].payload) + len(batch[2].payload)
    assert value(names.POWER_EGRESS_RECORDS, destination_class="external") == 0


def test_every_stage_reports_what_passed_it(pipeline: Pipeline, value: Callable[..., float]) -> None:
    pipeline.process([arrival(1), arrival(1), arrival(2, spoil=True)])

    passed = {stage.value: value(names.POWER_STAGE_MESSAGES, stage=stage.value) for stage in Stage}
    assert passed == {"receive": 2, "validate": 3, "deduplicate": 2, "store": 1, "aggregate": 1}


def test_a_redelivered_record_is_acknowledged_and_not_counted(
    pipeline: Pipeline, value: Callable[..., float]
) -> None:
    pipeline.process([arrival(1)])

    assert pipeline.process([arrival(1), arrival(2), arrival(2)]) is not None

    assert value(names.POWER_RECORDS) == 2
    assert value(names.POWER_DUPLICATES) == 2


def test_a_corrupted_record_is_an_incorrect_sample_and_no_failure(
    pipeline: Pipeline, value: Callable[..., float]
) -> None:
    assert pipeline.process([arrival(1), arrival(2, spoil=True)]) is not None

    assert value(names.POWER_SAMPLES_CHECKED) == 2
    assert value(names.POWER_SAMPLES_INCORRECT) == 1
    assert value(names.POWER_DEAD_LETTER_MESSAGES, reason="checksum") == 1
    assert value(names.POWER_RECORDS) == 2
    assert value(names.POWER_RECORDS_FAILED) == 0


def test_a_record_that_comes_after_a_newer_one_is_out_of_order(
    pipeline: Pipeline, value: Callable[..., float]
) -> None:
    pipeline.process([arrival(5), arrival(3), arrival(6)])

    assert value(names.POWER_OUT_OF_ORDER) == 1


def test_a_refused_batch_fails_once_and_succeeds_later(
    pipeline: Pipeline, value: Callable[..., float], tmp_path: Path
) -> None:
    batch = [arrival(1), arrival(2)]
    with contextlib.closing(sqlite3.connect(tmp_path / "power.db", isolation_level=None)) as other:
        other.execute("ALTER TABLE readings RENAME TO away")
        refused = [pipeline.process(batch), pipeline.process(batch)]
        other.execute("ALTER TABLE away RENAME TO readings")

    assert refused == [None, None]
    assert value(names.POWER_STAGE_ERRORS, stage="store", reason="SQLITE_ERROR") == 2
    assert pipeline.process(batch) is not None
    assert value(names.POWER_RECORDS) == 2
    assert value(names.POWER_RECORDS_FAILED) == 2

"""What is stored, and what becomes a dead letter and why."""

from __future__ import annotations

import dataclasses

import pytest

from gridobs.testbed.meters.meter import corrupt
from gridobs.testbed.processor.validation import MAX_CLOCK_AHEAD_SECONDS, Rejected, Rejection, validate
from gridobs.testbed.reading import Reading, encode

NOW = 1_700_000_000.0
READING = Reading("meter-00042", "feeder-00", 7, NOW, 230.12, 5.123, 1120.4, 1234.5678)


def test_a_true_reading_is_accepted() -> None:
    assert READING == validate(READING.topic, encode(READING), now=NOW)


def test_a_meter_cannot_speak_for_another() -> None:
    outcome = validate("power/feeder-00/meter-00001/reading", encode(READING), now=NOW)

    assert Rejected(Rejection.WRONG_TOPIC, "meter-00042", 7) == outcome


def test_a_payload_that_was_changed_on_its_way_fails_its_checksum() -> None:
    outcome = validate(READING.topic, corrupt(encode(READING)), now=NOW)

    assert Rejected(Rejection.CHECKSUM, "meter-00042", 7) == outcome


def test_noise_is_refused_without_a_name() -> None:
    assert Rejected(Rejection.MALFORMED) == validate(READING.topic, b"noise", now=NOW)


@pytest.mark.parametrize("voltage", [0.0, 89.99, 280.01])
def test_an_impossible_voltage_is_out_of_range(voltage: float) -> None:
    reading = dataclasses.replace(READING, voltage=voltage)

    outcome = validate(reading.topic, encode(reading), now=NOW)

    assert isinstance(outcome, Rejected)
    assert Rejection.OUT_OF_RANGE == outcome.reason


def test_more_power_than_volts_times_amperes_is_out_of_range() -> None:
    reading = dataclasses.replace(READING, power=1300.0)

    outcome = validate(reading.topic, encode(reading), now=NOW)

    assert isinstance(outcome, Rejected)
    assert Rejection.OUT_OF_RANGE == outcome.reason


@pytest.mark.parametrize(("ahead", "accepted"), [(MAX_CLOCK_AHEAD_SECONDS, True), (5.001, False)])
def test_a_clock_may_be_five_seconds_ahead(ahead: float, *, accepted: bool) -> None:
    reading = dataclasses.replace(READING, event_time=NOW + ahead)

    assert accepted is isinstance(validate(reading.topic, encode(reading), now=NOW), Reading)

"""The payload a meter publishes."""

from __future__ import annotations

import dataclasses
import json

import pytest

from gridobs.testbed.reading import MalformedReading, Reading, decode, encode

READING = Reading("meter-00042", "feeder-00", 7, 1_700_000_000.123, 230.12, 5.123, 1120.4, 1234.5678)


def test_a_reading_survives_its_journey() -> None:
    assert (READING, READING.checksum) == decode(encode(READING))


@pytest.mark.parametrize(
    "change",
    [
        {"meter": "meter-00043"},
        {"feeder": "feeder-01"},
        {"seq": 8},
        {"event_time": 1_700_000_000.124},
        {"voltage": 230.13},
        {"current": 5.124},
        {"power": 1120.5},
        {"energy": 1234.5679},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_checksum_covers_every_field_to_its_last_digit(change: dict[str, object]) -> None:
    assert dataclasses.replace(READING, **change).checksum != READING.checksum  # type: ignore[arg-type] # by name


def test_whole_numbers_are_read_as_the_floats_they_stand_for() -> None:
    fields = json.loads(encode(READING)) | {"voltage": 230}

    assert decode(json.dumps(fields).encode())[0].voltage == 230.0


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"\xff\xfe", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "not an object"),
        (b"{}", "not an object"),
        (encode(READING).replace(b'"seq":7', b'"seq":"7"'), "seq is not a int"),
        (encode(READING).replace(b'"seq":7', b'"seq":true'), "seq is not a int"),
        (encode(READING).replace(b"230.12", b"NaN"), "voltage is not a float"),
        (encode(READING).replace(b"230.12", b"1e999"), "voltage is not a float"),
        (encode(READING).replace(b"{", b'{"extra":1,', 1), "not an object"),
    ],
)
def test_what_is_no_reading_is_refused(payload: bytes, message: str) -> None:
    with pytest.raises(MalformedReading, match=message):
        decode(payload)

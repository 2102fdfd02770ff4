"""What a record must satisfy to be stored; each rule's code is a label value and a dead letter's reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gridobs.testbed.reading import MalformedReading, Reading, decode

MAX_CLOCK_AHEAD_SECONDS = 5.0
_VOLTS = (90.0, 280.0)
_AMPERES = (0.0, 400.0)
_POWER_TOLERANCE = 1.02  # rounding of the three values, and the meter's own error


class Rejection(StrEnum):
    MALFORMED = "malformed"
    WRONG_TOPIC = "wrong_topic"
    CHECKSUM = "checksum"
    OUT_OF_RANGE = "out_of_range"
    FUTURE = "future"


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why a payload is not stored, and whose it claims to be where that can be read."""

    reason: Rejection
    meter: str | None = None
    seq: int | None = None


def validate(topic: str, payload: bytes, *, now: float) -> Reading | Rejected:
    """The reading, or why it is none.

    Args:
        topic: what it was published on; must be the meter's own, so that a meter cannot speak for another.
        payload: as received.
        now: Unix seconds; a reading from more than five seconds ahead is a broken clock.
    """
    try:
        reading, claimed = decode(payload)
    except MalformedReading:
        return Rejected(Rejection.MALFORMED)
    reason: Rejection | None = None
    if topic != reading.topic:
        reason = Rejection.WRONG_TOPIC
    elif claimed != reading.checksum:
        reason = Rejection.CHECKSUM
    elif not _plausible(reading):
        reason = Rejection.OUT_OF_RANGE
    elif reading.event_time > now + MAX_CLOCK_AHEAD_SECONDS:
        reason = Rejection.FUTURE
    return Rejected(reason, reading.meter, reading.seq) if reason else reading


def _plausible(reading: Reading) -> bool:
    return (
        reading.seq > 0
        and reading.energy >= 0
        and _VOLTS[0] <= reading.voltage <= _VOLTS[1]
        and _AMPERES[0] <= reading.current <= _AMPERES[1]
        and abs(reading.power) <= reading.voltage * reading.current * _POWER_TOLERANCE + 1
    )

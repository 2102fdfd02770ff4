"""What a meter says: one reading, its JSON form, its checksum and its topic."""

from __future__ import annotations

import json
import math
import zlib
from dataclasses import dataclass
from typing import Any

SUBSCRIPTION = "$share/power-data-processor/power/+/+/reading"


class MalformedReading(ValueError):  # noqa: N818 - reads as the fact it states
    """The payload is not the JSON form of a reading; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One measurement of one meter.

    Attributes:
        meter: ``meter-00042``.
        feeder: the line the meter hangs on, ``feeder-03``.
        seq: counts from 1 for each meter; ``(meter, seq)`` identifies a reading.
        event_time: when it was measured, Unix seconds, to the millisecond.
        voltage: volts.
        current: amperes.
        power: watts.
        energy: the meter's register, kilowatt-hours.
    """

    meter: str
    feeder: str
    seq: int
    event_time: float
    voltage: float
    current: float
    power: float
    energy: float

    @property
    def topic(self) -> str:
        return f"power/{self.feeder}/{self.meter}/reading"

    @property
    def checksum(self) -> int:
        """CRC-32 (ITU-T V.42, as zlib computes it) of the fields at the precision a meter sends them."""
        text = (
            f"{self.meter}|{self.feeder}|{self.seq}|{self.event_time:.3f}|{self.voltage:.2f}|{self.current:.3f}"
            f"|{self.power:.1f}|{self.energy:.4f}"
        )
        return zlib.crc32(text.encode())


_FIELDS: dict[str, type] = {
    "meter": str,
    "feeder": str,
    "seq": int,
    "event_time": float,
    "voltage": float,
    "current": float,
    "power": float,
    "energy": float,
}


def encode(reading: Reading) -> bytes:
    """The JSON object a meter publishes: the fields and their ``checksum``."""
    fields: dict[str, object] = {name: getattr(reading, name) for name in _FIELDS}
    return json.dumps(fields | {"checksum": reading.checksum}, separators=(",", ":")).encode()


def decode(payload: bytes) -> tuple[Reading, int]:
    """The reading a payload holds, and the checksum it claims, unverified.

    Raises:
        MalformedReading: it is no JSON object of exactly the fields of a reading, of their types, finite.
    """
    try:
        fields = json.loads(payload)
    except (UnicodeDecodeError, ValueError):
        raise MalformedReading("not JSON") from None
    if not isinstance(fields, dict) or fields.keys() != _FIELDS.keys() | {"checksum"}:
        raise MalformedReading("not an object of exactly the fields of a reading")
    checksum = fields.pop("checksum")
    if type(checksum) is not int:
        raise MalformedReading("checksum is not an integer")
    return Reading(**{name: _typed(name, fields[name]) for name in _FIELDS}), checksum


def _typed(name: str, value: object) -> Any:  # noqa: ANN401 - the type is that of the field
    if _FIELDS[name] is float and type(value) in (int, float):
        number = float(value)  # type: ignore[arg-type] # the line above narrows it, mypy cannot see through type()
        if math.isfinite(number):
            return number
    elif type(value) is _FIELDS[name]:
        return value
    raise MalformedReading(f"{name} is not a {_FIELDS[name].__name__}")

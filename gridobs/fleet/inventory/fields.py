"""What single fields of an inventory may hold."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from gridobs import sources
from gridobs.codes import Code
from gridobs.fleet.inventory import address
from gridobs.rules import durations

LOOKBACK = 300
"""Seconds for which Prometheus shows the last sample of a series (``--query.lookback-delta``)."""

NAME_CURE = "a name of at most 63 a-z, 0-9 and '-', with no '-' at either end, e.g. sub-0001"
COORDINATES_CURE = "latitude and longitude in degrees, as [52.5, 13.4]"
DURATION_CURE = "a duration such as 30s or 2m"

_SHORTEST_BUDGET = 3_600
_LONGEST_TEXT = 128
_LARGEST_COUNT = 10_000_000
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_VOLTAGE = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3})?(/[0-9]{1,4}(\.[0-9]{1,3})?)*kV")
_COUNT = re.compile(r"[0-9]{1,9}")
_DEGREES = re.compile(r"[-+]?[0-9]{1,3}(\.[0-9]{1,20})?")
_ENDS = (90, 180)


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        near = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
        cure = f"write '{near}', or another name of a-z, 0-9 and '-'" if _NAME.fullmatch(near) else f"use {NAME_CURE}"
        raise sources.fault(Code.INVALID_NAME, f"'{text}' is not a name", cure)
    return text


def _plain(text: str) -> str:
    if not text.isprintable() or "{{" in text or len(text) > _LONGEST_TEXT:
        message = f"the text holds a line break or {{{{, or is longer than {_LONGEST_TEXT}"
        raise sources.fault(Code.WRONG_VALUE, message, "write one line of plain text")
    return text


def _voltage(text: str) -> str:
    if not _VOLTAGE.fullmatch(text):
        cure = "write kilovolts such as 110kV, or 110/20kV for two levels"
        raise sources.fault(Code.WRONG_VALUE, f"'{text}' is not a voltage class", cure)
    return text


def _count(value: object) -> int:
    """From YAML a number, from CSV its digits."""
    if isinstance(value, str) and _COUNT.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST_COUNT:
        message = f"{_shown(value)} is not a count"
        raise sources.fault(Code.WRONG_VALUE, message, f"write a whole number from 0 to {_LARGEST_COUNT}")
    return value


def _at_least_one(count: int) -> int:
    if count < 1:
        raise sources.fault(Code.WRONG_VALUE, "0 is too few", "write 1 or more")
    return count


def _degrees(value: object) -> object:
    """From YAML a number, from CSV its digits."""
    if isinstance(value, str) and _DEGREES.fullmatch(value):
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise sources.fault(
            Code.INVALID_COORDINATES, f"{_shown(value)} is not in degrees", "write a number such as 52.5"
        )
    return value


def _on_the_map(coordinates: tuple[float, float]) -> tuple[float, float]:
    for at, (degrees, end, name) in enumerate(zip(coordinates, _ENDS, ("latitude", "longitude"), strict=True)):
        if not -end <= degrees <= end:
            cure = f"write {COORDINATES_CURE}"
            message = f"no {name} is {degrees:g}, only {-end} to {end}"
            raise sources.fault(Code.INVALID_COORDINATES, message, cure, at=(at,))
    return coordinates


def _seconds(value: object) -> int:
    if not isinstance(value, str):
        raise sources.fault(Code.WRONG_VALUE, f"{_shown(value)} has no unit", f"write {DURATION_CURE}")
    try:
        return durations.seconds(value)
    except ValueError as error:
        raise sources.fault(Code.WRONG_VALUE, *str(error).split("; ", 1)) from None


def _visible(seconds: int) -> int:
    if 2 * seconds >= LOOKBACK:
        message = f"{durations.text(seconds)} is too long: one that fails would leave series without a value"
        raise sources.fault(Code.INTERVAL_TOO_LONG, message, f"write less than half of {LOOKBACK // 60}m, such as 2m")
    return seconds


def _budget(seconds: int) -> int:
    if seconds < _SHORTEST_BUDGET:
        message = f"an outage budget of {durations.text(seconds)} is too short"
        raise sources.fault(Code.OUTAGE_BUDGET_TOO_SHORT, message, "write 1h or more")
    return seconds


def _dialled(text: str) -> str:
    try:
        return address.normalise(text)
    except ValueError as error:
        raise sources.fault(Code.INVALID_ADDRESS, *str(error).split("; ", 1)) from None


def _shown(value: object) -> str:
    """Short enough for a line, whatever it is."""
    return f"'{value}'" if isinstance(value, str | int | Decimal) and len(str(value)) <= _LONGEST_TEXT else "this"


Name = Annotated[str, AfterValidator(_name), Field(description=NAME_CURE)]
Plain = Annotated[str, AfterValidator(_plain), Field(description="one line of plain text")]
VoltageClass = Annotated[str, AfterValidator(_voltage), Field(description="kilovolts such as 110kV")]
Count = Annotated[int, BeforeValidator(_count), Field(description="a whole number")]
Many = Annotated[int, BeforeValidator(_count), AfterValidator(_at_least_one), Field(description="1 or more")]
Degrees = Annotated[float, BeforeValidator(_degrees)]
Coordinates = Annotated[tuple[Degrees, Degrees], AfterValidator(_on_the_map), Field(description=COORDINATES_CURE)]
Duration = Annotated[int, BeforeValidator(_seconds), Field(description=DURATION_CURE)]
Interval = Annotated[int, BeforeValidator(_seconds), AfterValidator(_visible), Field(description=DURATION_CURE)]
Budget = Annotated[int, BeforeValidator(_seconds), AfterValidator(_budget), Field(description="1h or more, as 1d")]
HostPort = Annotated[str, AfterValidator(_dialled), Field(description="host:port")]

"""Prometheus remote write 1.0: series as a Snappy block of a protobuf WriteRequest.

Labels go through protoc's classes. Samples, of which there are millions, are laid out here: each is 18 bytes (field 2
of TimeSeries, the length 16; then field 1, the double, and field 2, the milliseconds, whose varint has 6 bytes from
1971 to 2109), of which those around the value are the same in all series of a rule group. So a series is a template
merged with one ``struct``. A test holds that protoc's classes read what was meant.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING

import cramjam

from gridobs.fleet.backfill.wire.remote_pb2 import Label, Sample, TimeSeries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gridobs.fleet.backfill.series import Series

HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
    "User-Agent": "gridobs-backfill",
}
MOST_SAMPLES = (
    10_000  # of a request; Prometheus' own sender has 2,000 by default, and limits on the way are in megabytes
)

_TIMESERIES = b"\x0a"  # field 1 of WriteRequest, length-delimited
_VALUE = struct.Struct("<3xd7x")
_SIX_BYTES = (1 << 35, 1 << 42)  # what a varint of six bytes holds
_NOT_A_NUMBER: float = struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000001))[0]
"""As Prometheus stores it and Go reads it. With Python's, a sample that the hub has would not be the same."""


def request(series: Iterable[Series]) -> bytes:
    """The body of one request."""
    return bytes(cramjam.snappy.compress_raw(write_request(series)))


def write_request(series: Iterable[Series]) -> bytes:
    """The WriteRequest, not compressed."""
    return b"".join(_timeseries(one) for one in series)


def batches(series: Iterable[Series], most: int = MOST_SAMPLES) -> Iterator[list[Series]]:
    """``series`` in order, in groups of at most ``most`` samples; no series is cut, so one alone may have more."""
    batch: list[Series] = []
    size = 0
    for one in series:
        if batch and size + len(one.times) > most:
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += len(one.times)
    if batch:
        yield batch


def _timeseries(series: Series) -> bytes:
    content = _labels(series.labels) + _samples(series.times, series.values)
    return b"".join((_TIMESERIES, _varint(len(content)), content))


@lru_cache(maxsize=1 << 16)
def _labels(labels: tuple[tuple[str, str], ...]) -> bytes:
    """Kept, since each series of a site comes again with every window; 65,536 of them take some 40 MB."""
    return TimeSeries(labels=[Label(name=name, value=value) for name, value in labels]).SerializeToString()


def _samples(times: tuple[int, ...], values: Sequence[float]) -> bytes:
    total = sum(values)
    if total != total:  # noqa: PLR0124 - NaN, which is not itself: one of them is, or two infinities made it
        values = [_NOT_A_NUMBER if value != value else value for value in values]  # noqa: PLR0124 - as above
    template = _template(times)
    if template is None:
        samples = [Sample(value=value, timestamp=time) for time, value in zip(times, values, strict=True)]
        return TimeSeries(samples=samples).SerializeToString()
    size = _VALUE.size * len(times)
    return (template | int.from_bytes(_layout(len(times)).pack(*values), "little")).to_bytes(size, "little")


@lru_cache(maxsize=256)
def _template(times: tuple[int, ...]) -> int | None:
    """Everything but the values, as a number that they can be merged with; None if a time needs no six bytes."""
    low, high = _SIX_BYTES
    if not times or min(times) < low or max(times) >= high:
        return None
    return int.from_bytes(b"".join(b"\x12\x10\x09" + bytes(8) + b"\x10" + _varint(time) for time in times), "little")


@lru_cache(maxsize=256)
def _layout(samples: int) -> struct.Struct:
    """Doubles with room around them for the rest of each sample; ``3xd7x`` as often as there are samples."""
    return struct.Struct("<" + "3xd7x" * samples)


def _varint(number: int) -> bytes:
    """Base 128, the lowest seven bits first, the high bit set in all but the last byte."""
    encoded = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)

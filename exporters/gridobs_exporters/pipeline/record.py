"""The record of a meter: its checksum and its JSON form, as the contract of docs/exporters/pipeline.md has them."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# The fields in the order of the checksum, each at the precision a meter sends it with.
_FORMATS = {
    "meter": "{}",
    "feeder": "{}",
    "seq": "{:d}",
    "event_time": "{:.3f}",
    "voltage": "{:.2f}",
    "current": "{:.3f}",
    "power": "{:.1f}",
    "energy": "{:.4f}",
}
FIELDS = tuple(_FORMATS)


def checksum(values: Sequence[object]) -> int | None:
    """CRC-32 (ITU-T V.42, as zlib computes it) of the values of ``FIELDS``; None if one is not of its type."""
    try:
        text = "|".join(form.format(value) for form, value in zip(_FORMATS.values(), values, strict=True))
    except (TypeError, ValueError):
        return None
    return zlib.crc32(text.encode("utf-8", "surrogateescape"))


def encode(values: Sequence[object]) -> bytes:
    """What a meter publishes: the values of ``FIELDS`` with their checksum."""
    fields = dict(zip(FIELDS, values, strict=True)) | {"checksum": checksum(values)}
    return json.dumps(fields, separators=(",", ":")).encode()

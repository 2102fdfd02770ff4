"""The answer of a gate to ``GET /history``: JSON of Prometheus' API, a matrix of raw samples."""

from __future__ import annotations

import msgspec

from gridobs.fleet.backfill.faults import Reason, SiteFault


class Row(msgspec.Struct, gc=False):
    """One series: its labels, and (Unix seconds, value) of each sample."""

    metric: dict[str, str]
    values: list[tuple[float, float]]


class _Data(msgspec.Struct):
    result_type: str = msgspec.field(name="resultType")
    result: list[Row]


class _Answer(msgspec.Struct):
    status: str
    data: _Data


def read(body: bytes) -> list[Row]:
    """The series of an answer, in which nothing but their shape has been checked.

    Values are strings there, so that they can be ``NaN`` and ``+Inf``; the decoder makes numbers of them as it goes,
    which takes less than half the time of ``json.loads`` alone. It does not know the plus of ``+Inf``.

    Raises:
        SiteFault: it is no such answer; the text says where.
    """
    if b',"+Inf"]' in body:  # followed by the bracket, it is a value; in a label it would be followed by , or }
        body = body.replace(b',"+Inf"]', b',"Inf"]')
    try:
        answer = msgspec.json.decode(body, type=_Answer, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SiteFault(Reason.GARBAGE, f"answers what is no matrix of Prometheus: {error}") from None
    if answer.status != "success" or answer.data.result_type != "matrix":
        raise SiteFault(
            Reason.GARBAGE,
            f"answers status {answer.status[:40]!r} with a {answer.data.result_type[:40]!r}, not a matrix",
        )
    return answer.data.result

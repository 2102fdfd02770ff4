from __future__ import annotations

import math
import struct

import cramjam
from hypothesis import given
from hypothesis import strategies as st

from gridobs.fleet.backfill.remote_write import batches, request, write_request
from gridobs.fleet.backfill.series import Series
from gridobs.fleet.backfill.wire.remote_pb2 import WriteRequest

LABELS = (("__name__", "site:x:ratio"), ("site", "sub-0001"))

samples = st.dictionaries(
    st.one_of(st.integers(1_600_000_000_000, 2_000_000_000_000), st.integers(-(2**40), 2**50)),
    st.floats(allow_nan=False),
    max_size=50,
)
series = st.builds(
    lambda text, held: Series(
        labels=(*LABELS, ("text", text)), times=tuple(sorted(held)), values=tuple(held[at] for at in sorted(held))
    ),
    st.text(max_size=300).filter(lambda text: text.isprintable()),
    samples,
)


@given(written=st.lists(series, max_size=5))
def test_the_classes_of_protoc_read_what_was_written(written: list[Series]) -> None:
    read = WriteRequest.FromString(write_request(written))

    assert [one.labels for one in written] == [
        tuple((label.name, label.value) for label in one.labels) for one in read.timeseries
    ]
    assert [list(zip(one.times, one.values, strict=True)) for one in written] == [
        [(sample.timestamp, sample.value) for sample in one.samples] for one in read.timeseries
    ]


def test_not_a_number_is_written_as_prometheus_stores_it_and_never_as_stale() -> None:
    one = Series(labels=LABELS, times=(1_700_000_000_000, 1_700_000_030_000), values=(math.nan, -math.inf))

    read = WriteRequest.FromString(write_request([one])).timeseries[0].samples

    assert struct.pack("<d", read[0].value) == struct.pack("<Q", 0x7FF8000000000001)
    assert read[1].value == -math.inf


def test_a_request_is_a_snappy_block() -> None:
    one = Series(labels=LABELS, times=(1_700_000_000_000,), values=(1.5,))

    assert bytes(cramjam.snappy.decompress_raw(request([one]))) == write_request([one])


@given(written=st.lists(series, max_size=20), most=st.integers(1, 100))
def test_batches_hold_every_series_once_in_order_and_stay_small(written: list[Series], most: int) -> None:
    made = list(batches(written, most))

    assert [one for batch in made for one in batch] == written
    assert all(len(batch) == 1 or sum(len(one.times) for one in batch) <= most for batch in made)

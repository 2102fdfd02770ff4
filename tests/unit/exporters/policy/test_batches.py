"""A body to the events in it, whatever it is."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from typing import Any

import pytest
from gridobs_exporters.policy import batches
from gridobs_exporters.policy.batches import CHUNK, LARGEST_EVENT, BatchError, Limits, TooLargeError
from hypothesis import given, settings
from hypothesis import strategies as st

SECRET = "PLANTED-SECRET"  # noqa: S105 - planted to be looked for
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


def read(body: bytes, *, size: int = 10_000, most: int = 100) -> list[Any]:
    return list(batches.read(body, Limits(size=size, events=most)))


@pytest.mark.parametrize("zipped", [True, False])
def test_a_batch_is_read_compressed_or_not(batch: list[Any], *, zipped: bool) -> None:
    body = json.dumps(batch, indent=1).encode()

    assert read(gzip.compress(body) if zipped else body, size=100_000) == batch


@pytest.mark.parametrize("text", ["[]", " [ ] \n", '[{"path":"a"}]', "[ 1 , 2\t,\r\n3 ]"])
def test_space_around_events_is_of_no_meaning(text: str) -> None:
    assert read(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"{}", b"1", b"[", b"[1", b"[1,", b"[1,]", b"[,]", b"[1 2]", b"[1]]", b"[1][2]", b"]", b"nope",
        b'["\xff"]', b"[\xef\xbb\xbf1]", b"[" * 50_000, b"[" + b'{"a":' * 50_000, b"[" + b"1" * 5_000 + b"]",
    ],
)  # fmt: skip
def test_what_is_no_array_of_json_is_refused(body: bytes) -> None:
    with pytest.raises(BatchError) as refused:
        read(body, size=1_000_000)

    assert not isinstance(refused.value, TooLargeError)


def test_gzip_that_is_cut_off_or_goes_on_is_refused() -> None:
    whole = gzip.compress(b'[{"path":"a"}]')
    for body in (whole[:-1], whole[:12], whole + whole, whole + b"x", b"\x1f\x8bxyz"):
        with pytest.raises(BatchError):
            read(body)


def test_a_bomb_is_never_unpacked_beyond_the_limit() -> None:
    bomb = gzip.compress(b"[" + b" " * 50_000_000 + b"]", 9)
    assert len(bomb) < 60_000
    with pytest.raises(TooLargeError, match="more than 10000 bytes uncompressed"):
        read(bomb)


def test_a_batch_of_as_many_events_and_bytes_as_allowed_is_read_and_one_more_is_not() -> None:
    body = b"[1,2,3]"
    assert read(body, size=len(body), most=3) == [1, 2, 3]
    with pytest.raises(TooLargeError, match="more than 6 bytes"):
        read(body, size=len(body) - 1)
    with pytest.raises(TooLargeError, match="more than 2 events"):
        read(body, most=2)


def test_no_refusal_says_what_the_batch_holds() -> None:
    for body in (f'[{{"input": "{SECRET}"', f'["{SECRET}" "{SECRET}"]', SECRET, f'{{"input": "{SECRET}"}}'):
        with pytest.raises(BatchError) as refused:
            read(body.encode())
        assert SECRET not in f"{refused.value!r} {refused.value.__cause__!r}"


@given(st.binary(max_size=200) | st.text(alphabet='[]{},:"1 aé\\', max_size=60).map(str.encode))
@settings(derandomize=True, database=None, deadline=None)
def test_whatever_is_sent_is_read_or_refused(body: bytes) -> None:
    for one in (body, zlib.compress(body), gzip.compress(body), gzip.compress(body)[:-3]):
        try:
            found = read(one)
        except BatchError:
            continue
        assert isinstance(found, list)


@given(st.lists(JSON, max_size=6))
@settings(derandomize=True, database=None, deadline=None)
def test_every_array_that_json_reads_is_read_alike(batch: list[Any]) -> None:
    text = json.dumps(batch)

    assert repr(read(text.encode(), size=100_000)) == repr(json.loads(text))
    assert repr(read(gzip.compress(text.encode()), size=100_000)) == repr(json.loads(text))


@pytest.mark.parametrize("zipped", [True, False])
def test_events_are_found_wherever_the_pieces_that_are_unpacked_end(*, zipped: bool) -> None:
    chance = random.Random(4)  # noqa: S311 - lengths for a test
    batch: list[Any] = [{"path": "a", "input": "é" * chance.randrange(9_000)} for _ in range(60)]
    batch += [12345, -1.5e300, True, None, "x" * (3 * CHUNK), [{}] * 9_000]
    body = json.dumps(batch, ensure_ascii=False).encode()

    assert len(body) > 10 * CHUNK
    assert read(gzip.compress(body) if zipped else body, size=len(body)) == batch


def test_an_event_as_long_as_all_others_together_may_be_is_refused() -> None:
    assert read(json.dumps(["x" * (LARGEST_EVENT - 2)]).encode(), size=1 << 24)
    for body in (json.dumps(["x" * (LARGEST_EVENT * 2)]).encode(), b'["' + b"x" * (LARGEST_EVENT * 2)):
        with pytest.raises(TooLargeError, match="an event of more than 1048576 characters"):
            read(body, size=1 << 24)


def test_gzip_that_hardly_packs_is_read_too() -> None:
    noise = random.Random(5).randbytes(300_000).hex()  # noqa: S311 - no secret
    body = gzip.compress(json.dumps([noise]).encode(), 1)

    assert len(body) > 4 * CHUNK
    assert read(body, size=1 << 20) == [noise]

"""Reading Prometheus' text format of others."""

from __future__ import annotations

from itertools import pairwise

from gridobs_exporters.exposition import choose_lines, parse_lines
from hypothesis import given, settings
from hypothesis import strategies as st

PAGE = b'# HELP kine_x X.\nkine_x{code="a"} 1\nother 2\nkine_y 3\nkine_z{b="} 4\nkine_w 5'
PREFIXES = (b"kine_",)
SHOTS = settings(derandomize=True, database=None, deadline=None)


def test_lines_are_chosen_by_their_first_bytes() -> None:
    assert choose_lines([PAGE], PREFIXES) == [b'kine_x{code="a"} 1', b"kine_y 3", b'kine_z{b="} 4', b"kine_w 5"]


@SHOTS
@given(st.lists(st.integers(0, len(PAGE)), max_size=8))
def test_chunks_may_end_anywhere(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(PAGE)]
    chunks = [PAGE[begin:end] for begin, end in pairwise(edges)]

    assert choose_lines(chunks, PREFIXES) == choose_lines([PAGE], PREFIXES)


def test_a_line_that_is_none_costs_no_other() -> None:
    samples, bad = parse_lines(choose_lines([PAGE], PREFIXES))

    assert [(sample.name, sample.value) for sample in samples] == [("kine_x", 1), ("kine_y", 3), ("kine_w", 5)]
    assert bad == 1


@SHOTS
@given(
    st.lists(st.binary(max_size=80) | st.from_regex(rb"kine_[a-z{}=\", 0-9.eE+-]{0,40}", fullmatch=True), max_size=9)
)
def test_whatever_a_target_sends_is_read_or_counted(lines: list[bytes]) -> None:
    samples, bad = parse_lines(choose_lines([b"\n".join(lines)], PREFIXES))

    assert bad <= len(samples) + sum(line.count(b"kine_") for line in lines)

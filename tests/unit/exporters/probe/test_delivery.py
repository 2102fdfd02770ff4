"""Counting what came back."""

from __future__ import annotations

import pytest
from gridobs_exporters.mqtt.blackbox.delivery import tally
from hypothesis import given, settings
from hypothesis import strategies as st

SENT = {number: float(number) for number in range(5)}


@pytest.mark.parametrize(
    ("arrived", "counts"),
    [
        ([0, 1, 2, 3, 4], (0, 0, 0)),
        ([0, 1, 3, 4], (1, 0, 0)),
        ([0, 1, 2, 2, 3, 4], (0, 1, 0)),
        ([0, 1, 3, 2, 4], (0, 0, 1)),
        ([4, 3, 2, 1, 0], (0, 0, 4)),
        ([0, 1, 2, 3, 4, 0, 0], (0, 2, 0)),  # a repetition says nothing about the order
        ([], (5, 0, 0)),
        ([9], (5, 0, 0)),  # not one of ours
    ],
)
def test_each_fault_is_counted_as_itself(arrived: list[int], counts: tuple[int, int, int]) -> None:
    one = tally(SENT, [(number, 10.0) for number in arrived])

    assert (one.lost, one.duplicated, one.reordered) == counts


def test_a_round_trip_is_from_publish_to_the_first_delivery() -> None:
    one = tally(SENT, [(0, 0.5), (1, 1.1), (1, 9.0), (2, 2.9)])

    assert one.roundtrips == pytest.approx({0: 0.5, 1: 0.1, 2: 0.9})
    assert [one.median, one.worst] == pytest.approx([0.5, 0.9])


def test_without_a_delivery_there_is_no_round_trip() -> None:
    one = tally(SENT, [])

    assert (one.median, one.worst) == (None, None)


@pytest.mark.parametrize(
    ("arrived", "broken"),
    [
        ([0, 1, 2, 3, 4], (None, None, None)),
        ([0, 1, 2, 3], (None, "messages lost", "messages lost")),
        ([0, 0, 1, 2, 3, 4], ("messages duplicated", None, "messages duplicated")),
        ([1, 0, 2, 3, 4], ("messages reordered",) * 3),
        ([], ("timeout",) * 3),
    ],
)
def test_each_qos_is_held_to_what_it_promises(arrived: list[int], broken: tuple[str | None, ...]) -> None:
    one = tally(SENT, [(number, 10.0) for number in arrived])

    assert tuple(one.broken(qos) for qos in (0, 1, 2)) == broken


@settings(derandomize=True)
@given(st.lists(st.integers(min_value=-1, max_value=6)))
def test_every_delivery_of_ours_is_first_or_repeated_and_every_message_came_or_is_lost(arrived: list[int]) -> None:
    one = tally(SENT, [(number, 10.0) for number in arrived])

    ours = [number for number in arrived if number in SENT]
    assert one.duplicated + len(one.roundtrips) == len(ours)
    assert one.lost + len(one.roundtrips) == one.sent == len(SENT)
    assert 0 <= one.reordered < max(1, len(one.roundtrips))

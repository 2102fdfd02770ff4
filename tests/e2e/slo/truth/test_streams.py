"""The truth is computed rightly, and a seed is a stream."""

from __future__ import annotations

import pytest

from tests.e2e.slo.truth.measure import stream_of
from tests.e2e.slo.truth.streams import observed


@pytest.mark.parametrize(
    ("times", "values", "events"),
    [
        pytest.param([0, 60, 120], [0, 5, 7], 7, id="increments"),
        pytest.param([0, 60, 120], [9, 10, 12], 3, id="what came before the first scrape is unknown"),
        pytest.param([0, 60, 120], [5, 2, 3], 3, id="after a reset all that is counted is new"),
        pytest.param([0, 300, 360], [0, 5, 7], 7, id="a gap as long as the lookback"),
        pytest.param([0, 301, 361], [0, 5, 7], 2, id="a longer gap"),
        pytest.param([60, 1000, 1060], [0, 1, 3], 2, id="the end is part of the period"),
        pytest.param([940, 1000, 1060, 1120], [0, 1, 3, 9], 3, id="what comes after is not"),
        pytest.param([-60, 0, 60], [1, 2, 4], 2, id="nor is the beginning"),
    ],
)
def test_events_are_those_a_scrape_saw_since_the_one_before(
    times: list[float], values: list[float], events: float
) -> None:
    assert observed(times, values, 0, 1060) == events


def test_a_seed_gives_the_same_stream_each_time() -> None:
    assert stream_of("low counts", 3) == stream_of("low counts", 3)
    assert stream_of("low counts", 3).processes != stream_of("low counts", 4).processes

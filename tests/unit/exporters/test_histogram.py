"""The histogram, and the edges that objectives need."""

from __future__ import annotations

from gridobs_exporters.histogram import ROUNDTRIP_EDGES, START_EDGES, Histogram


def test_the_edges_of_every_latency_objective_are_there() -> None:
    assert {0.010, 0.020, 0.030, 0.050} <= set(ROUNDTRIP_EDGES) & set(START_EDGES)


def test_an_observation_on_an_edge_belongs_to_it() -> None:
    histogram = Histogram((0.01, 0.02))
    for seconds in (0.01, 0.015, 3.0):
        histogram.observe(seconds)

    assert histogram.cumulative() == ([("0.01", 1), ("0.02", 2), ("+Inf", 3)], 3.025)

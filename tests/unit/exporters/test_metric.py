"""Metrics and the samples of one reading."""

from __future__ import annotations

import pytest
from gridobs_exporters.metric import Samples, counter, gauge, histogram

from tests.exposition import exposed

DEPTH = gauge("gridobs_test_depth", "Depth.", "queue")
DONE = counter("gridobs_test_done_total", "Done.")
SPAN = histogram("gridobs_test_span_seconds", "Span.")


def lines(samples: Samples) -> list[str]:
    return [line for line in exposed(samples.families()[0]).splitlines() if not line.startswith("#")]


def test_samples_are_exposed_in_the_order_in_which_their_metrics_came() -> None:
    samples = Samples()
    samples.add(DEPTH, 1, "b")
    samples.add(SPAN, ([("0.5", 1.0), ("+Inf", 2.0)], 0.75))
    samples.add(DONE, 7)
    samples.add(DEPTH, 2, "a")

    assert lines(samples) == [
        'gridobs_test_depth{queue="b"} 1.0',
        'gridobs_test_depth{queue="a"} 2.0',
        'gridobs_test_span_seconds_bucket{le="0.5"} 1.0',
        'gridobs_test_span_seconds_bucket{le="+Inf"} 2.0',
        "gridobs_test_span_seconds_count 2.0",
        "gridobs_test_span_seconds_sum 0.75",
        "gridobs_test_done_total 7.0",
    ]


def test_a_series_is_never_exposed_twice() -> None:
    samples, more = Samples(), Samples()
    samples.add(DEPTH, 1, "a")
    samples.add(DEPTH, 2, "a")
    more.add(DEPTH, 3, "b")
    samples.update(more)

    assert lines(samples) == ['gridobs_test_depth{queue="a"} 2.0', 'gridobs_test_depth{queue="b"} 3.0']


def test_a_label_that_no_encoding_can_hold_does_not_cost_the_scrape() -> None:
    samples = Samples()
    samples.add(DEPTH, 1, "broken \udcff name")

    assert lines(samples) == ['gridobs_test_depth{queue="broken ? name"} 1.0']


def test_a_metric_can_be_there_before_its_first_sample() -> None:
    samples = Samples()
    samples.declare(DEPTH)

    assert [family.name for family in samples.families()[0]] == ["gridobs_test_depth"]


def test_a_sample_that_does_not_fit_its_metric_is_refused() -> None:
    samples = Samples()
    with pytest.raises(ValueError, match="has the labels"):
        samples.add(DEPTH, 1)
    with pytest.raises(ValueError, match="is a gauge"):
        samples.add(DEPTH, ([("+Inf", 1.0)], 1.0), "a")
    with pytest.raises(ValueError, match="is a histogram"):
        samples.add(SPAN, 1)

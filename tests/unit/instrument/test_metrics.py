"""What each call of a processor becomes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from gridobs.instrument import Destination, PowerMetrics, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridobs.instrument import Endpoint
    from tests.unit.instrument.conftest import Scrape


@pytest.fixture
def metrics(endpoint: Endpoint) -> PowerMetrics:
    return endpoint.metrics


def _fail_to_store(metrics: PowerMetrics, reason: str) -> None:
    metrics.stage_error(Stage.STORE, reason)


def test_received_counts_records_and_messages_of_the_receive_stage(
    metrics: PowerMetrics, scrape: Callable[..., Scrape]
) -> None:
    metrics.received(10)
    metrics.received(5)
    answer = scrape()

    assert answer.value("power_records_total") == 15
    assert answer.value("power_stage_messages_total", stage="receive") == 15


def test_the_duration_of_receive_does_not_count_its_messages_again(
    metrics: PowerMetrics, scrape: Callable[..., Scrape]
) -> None:
    metrics.received(10)
    metrics.stage(Stage.RECEIVE, messages=10, seconds=0.001)
    answer = scrape()

    assert answer.value("power_stage_messages_total", stage="receive") == 10
    assert answer.value("power_stage_duration_seconds_count", stage="receive") == 1


def test_a_stage_is_observed_once_per_batch(metrics: PowerMetrics, scrape: Callable[..., Scrape]) -> None:
    metrics.stage(Stage.STORE, messages=100, seconds=0.02)
    answer = scrape()

    assert answer.value("power_stage_messages_total", stage="store") == 100
    assert answer.value("power_stage_duration_seconds_count", stage="store") == 1
    assert answer.value("power_stage_duration_seconds_bucket", stage="store", le="0.02") == 1
    assert answer.value("power_stage_duration_seconds_bucket", stage="store", le="0.015") == 0


def test_plain_counters_add_up(metrics: PowerMetrics, scrape: Callable[..., Scrape]) -> None:
    for _ in range(2):
        metrics.failed(1)
        metrics.duplicates(2)
        metrics.out_of_order(3)
        metrics.samples_checked(5, 4)
        metrics.reconnected()
    answer = scrape()

    assert answer.value("power_records_failed_total") == 2
    assert answer.value("power_duplicates_total") == 4
    assert answer.value("power_out_of_order_total") == 6
    assert answer.value("power_samples_checked_total") == 10
    assert answer.value("power_samples_incorrect_total") == 8
    assert answer.value("power_reconnects_total") == 2


def test_labelled_counters_add_up_by_label(metrics: PowerMetrics, scrape: Callable[..., Scrape]) -> None:
    for _ in range(2):
        metrics.stage_error(Stage.STORE, "disk_full")
        metrics.stage_error(Stage.RECEIVE, "disk_full", 3)
        metrics.validation_failed("voltage_range", 2)
        metrics.dead_lettered("schema")
    answer = scrape()

    assert answer.value("power_stage_errors_total", stage="store", reason="disk_full") == 2
    assert answer.value("power_stage_errors_total", stage="receive", reason="disk_full") == 6
    assert answer.value("power_validation_failures_total", rule="voltage_range") == 4
    assert answer.value("power_dead_letter_messages_total", reason="schema") == 2


def test_egress_is_counted_by_where_it_went_and_decisions_by_what_was_asked(
    metrics: PowerMetrics, scrape: Callable[..., Scrape]
) -> None:
    metrics.egress(Destination.LOCAL, records=3, size=600)
    metrics.egress(Destination.EXTERNAL, records=1, size=200)
    metrics.policy_decided("energy/smartgrid/export", allowed=False)
    metrics.policy_decided("energy/smartgrid/export", allowed=True, count=2)
    metrics.localisation_denied("destination_external", 4)
    answer = scrape()

    assert answer.value("power_egress_records_total", destination_class="local") == 3
    assert answer.value("power_egress_bytes_total", destination_class="external") == 200
    path = "energy/smartgrid/export"
    assert answer.value("power_policy_decisions_total", policy=path, decision="deny") == 1
    assert answer.value("power_policy_decisions_total", policy=path, decision="allow") == 2
    assert answer.value("power_localisation_denied_total", reason="destination_external") == 4


def test_both_destinations_stand_at_zero_before_anything_leaves(scrape: Callable[..., Scrape]) -> None:
    for name in ("power_egress_records_total", "power_egress_bytes_total"):
        assert scrape().label_values(name, "destination_class") == ["local", "external"]


def test_committed_observes_every_record(metrics: PowerMetrics, scrape: Callable[..., Scrape]) -> None:
    metrics.committed(latencies=[0.010, 0.020, 0.0201], ages=[0.5, 5.0, 5.1])
    answer = scrape()

    assert answer.value("power_processing_latency_seconds_bucket", le="0.02") == 2
    assert answer.value("power_processing_latency_seconds_count") == 3
    assert answer.value("power_record_age_seconds_bucket", le="5.0") == 2
    assert answer.value("power_record_age_seconds_sum") == pytest.approx(10.6)


def test_a_record_from_the_future_is_not_lost(metrics: PowerMetrics, scrape: Callable[..., Scrape]) -> None:
    """A meter's clock runs ahead: the SDK would drop the negative age, and the record with it."""
    metrics.committed(latencies=[-0.001], ages=[-120.0])
    answer = scrape()

    assert answer.value("power_processing_latency_seconds_count") == 1
    assert answer.value("power_record_age_seconds_bucket", le="0.01") == 1
    assert answer.value("power_record_age_seconds_sum") == 0


def test_a_latency_without_an_age_is_refused_and_counts_nothing(
    metrics: PowerMetrics, scrape: Callable[..., Scrape]
) -> None:
    with pytest.raises(ValueError, match="2 latencies but 1 ages"):
        metrics.committed(latencies=[0.01, 0.02], ages=[0.1])

    assert scrape().value("power_processing_latency_seconds_count") == 0


def test_a_count_cannot_fall(metrics: PowerMetrics, scrape: Callable[..., Scrape]) -> None:
    metrics.duplicates(2)
    with pytest.raises(ValueError, match="cannot fall: -1"):
        metrics.duplicates(-1)

    assert scrape().value("power_duplicates_total") == 2


def test_more_incorrect_than_checked_is_refused_and_counts_nothing(
    metrics: PowerMetrics, scrape: Callable[..., Scrape]
) -> None:
    with pytest.raises(ValueError, match="3 incorrect of 2 checked"):
        metrics.samples_checked(2, 3)

    assert scrape().value("power_samples_incorrect_total") == 0


def test_gauges_hold_the_last_value(metrics: PowerMetrics, scrape: Callable[..., Scrape]) -> None:
    metrics.newest_event(1_700_000_000.25)
    metrics.backlog(7, 1_699_999_000.5)
    metrics.broker_connected(connected=True)
    answer = scrape()

    assert answer.value("power_newest_event_timestamp_seconds") == 1_700_000_000.25
    assert answer.value("power_backlog_messages") == 7
    assert answer.value("power_backlog_oldest_timestamp_seconds") == 1_699_999_000.5
    assert answer.value("power_broker_connected") == 1


def test_gauges_persist_over_scrapes_and_follow_changes(metrics: PowerMetrics, scrape: Callable[..., Scrape]) -> None:
    metrics.broker_connected(connected=True)
    metrics.newest_event(4_000_000_000)
    first, second = scrape(), scrape()
    metrics.broker_connected(connected=False)
    metrics.newest_event(1_700_000_000)
    third = scrape()

    assert [answer.value("power_broker_connected") for answer in (first, second, third)] == [1, 1, 0]
    assert third.value("power_newest_event_timestamp_seconds") == 1_700_000_000


def test_an_empty_backlog_has_no_oldest_message(metrics: PowerMetrics, scrape: Callable[..., Scrape]) -> None:
    metrics.backlog(3, 1_700_000_000)
    before = scrape()
    metrics.backlog(0, None)
    after = scrape()

    assert before.value("power_backlog_oldest_timestamp_seconds") == 1_700_000_000
    assert after.value("power_backlog_messages") == 0
    assert after.value("power_backlog_oldest_timestamp_seconds") is None
    assert "NaN" not in after.text


@pytest.mark.parametrize(
    ("report", "series", "at_start"),
    [
        (PowerMetrics.validation_failed, "power_validation_failures_total", {"rule": "other"}),
        (PowerMetrics.dead_lettered, "power_dead_letter_messages_total", {"reason": "other"}),
        (_fail_to_store, "power_stage_errors_total", {"reason": "other", "stage": "store"}),
    ],
)
def test_codes_after_the_first_fifty_become_other(
    metrics: PowerMetrics,
    scrape: Callable[..., Scrape],
    report: Callable[[PowerMetrics, str], None],
    series: str,
    at_start: dict[str, str],
) -> None:
    before = scrape()
    for number in range(60):
        report(metrics, f"code_{number}")
    report(metrics, "code_0")
    after = scrape()
    label = next(iter(at_start))

    assert len(after.label_values(series, label)) == len(before.label_values(series, label)) + 50
    assert after.value(series, **(at_start | {label: "code_0"})) == 2
    assert after.value(series, **at_start) == 10


@pytest.mark.parametrize("text", ["", "disk full", "no such file: '/data'", "x" * 64, "über", 'a"b', "a\nb", "-x"])
def test_text_that_is_not_a_code_becomes_other(
    metrics: PowerMetrics, scrape: Callable[..., Scrape], text: str
) -> None:
    metrics.validation_failed(text)

    assert scrape().value("power_validation_failures_total", rule="other") == 1


@pytest.mark.parametrize("code", ["disk_full", "V-001", "range.voltage", "E:13/2", "x" * 63])
def test_codes_in_use_elsewhere_pass(metrics: PowerMetrics, scrape: Callable[..., Scrape], code: str) -> None:
    metrics.validation_failed(code)

    assert scrape().value("power_validation_failures_total", rule=code) == 1


def test_a_count_of_zero_makes_a_series_exist(metrics: PowerMetrics, scrape: Callable[..., Scrape]) -> None:
    metrics.validation_failed("voltage_range", 0)

    assert scrape().value("power_validation_failures_total", rule="voltage_range") == 0


def test_no_count_is_lost_between_threads(metrics: PowerMetrics, scrape: Callable[..., Scrape]) -> None:
    def receive() -> None:
        for _ in range(5000):
            metrics.received(1)

    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(receive)

    assert scrape().value("power_records_total") == 20000

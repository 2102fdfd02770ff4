"""What Prometheus reads from a processor."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import prometheus_client
import pytest
from opentelemetry import metrics as otel
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from gridobs import conventions
from gridobs.instrument import PowerMetrics, Stage
from gridobs.instrument.catalogue import METRICS, Kind
from gridobs.instrument.registry import ScrapeRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gridobs.instrument import Endpoint
    from tests.unit.instrument.conftest import Scrape

NAMES = {value for name, value in vars(conventions).items() if name.startswith("POWER_")}
STAGES = ["receive", "validate", "deduplicate", "store", "aggregate"]
# What Prometheus sends: scrape/scrape.go of v2.42.0 and of v3.0.0, the latter with both name validation schemes.
ACCEPT_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
ACCEPT_3_UTF8 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
    "text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)
ACCEPT_3_LEGACY = (
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)
ACCEPT_3_TEXT = "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
ACCEPT_TEXT = "text/plain;version=0.0.4"


def report_everything(metrics: PowerMetrics) -> None:
    metrics.received(10)
    for stage in Stage:
        metrics.stage(stage, messages=10, seconds=0.004)
    metrics.stage_error(Stage.STORE, "disk_full")
    metrics.failed(1)
    metrics.validation_failed("voltage_range")
    metrics.dead_lettered("schema")
    metrics.duplicates(2)
    metrics.out_of_order(3)
    metrics.committed(latencies=[0.012, 0.021], ages=[0.4, 6.0])
    metrics.samples_checked(10, 1)
    metrics.newest_event(1_700_000_000.5)
    metrics.backlog(4, 1_700_000_000.0)
    metrics.broker_connected(connected=True)
    metrics.reconnected()


def test_the_families_are_the_constants_and_target_info(endpoint: Endpoint, scrape: Callable[..., Scrape]) -> None:
    report_everything(endpoint.metrics)

    assert {*NAMES, "target_info"} == set(scrape().types)


def test_the_catalogue_covers_the_constants() -> None:
    assert [*sorted(NAMES)] == sorted(metric.name for metric in METRICS)


def test_types_and_helps_are_those_of_the_catalogue(endpoint: Endpoint, scrape: Callable[..., Scrape]) -> None:
    report_everything(endpoint.metrics)
    answer = scrape()

    assert {metric.name: metric.kind for metric in METRICS} | {"target_info": "gauge"} == answer.types
    assert {metric.name: metric.help for metric in METRICS} | {"target_info": "Target metadata"} == answer.helps


def test_all_but_the_gauges_without_a_value_exist_from_the_start(scrape: Callable[..., Scrape]) -> None:
    absent = {
        conventions.POWER_NEWEST_EVENT,
        conventions.POWER_BACKLOG_MESSAGES,
        conventions.POWER_BACKLOG_OLDEST,
    }

    assert NAMES - absent == set(scrape().types) - {"target_info"}


def test_every_series_starts_at_zero(scrape: Callable[..., Scrape]) -> None:
    families = [family for family in parse_text(scrape().text) if family.name != "target_info"]

    assert {0.0} == {sample.value for family in families for sample in family.samples}


@pytest.mark.parametrize(
    "name",
    [
        conventions.POWER_STAGE_MESSAGES,
        conventions.POWER_STAGE_ERRORS,
        f"{conventions.POWER_STAGE_DURATION}_count",
    ],
)
def test_every_stage_is_there_from_the_start(scrape: Callable[..., Scrape], name: str) -> None:
    assert scrape().label_values(name, "stage") == STAGES


def test_one_observed_stage_leaves_the_others_at_zero(endpoint: Endpoint, scrape: Callable[..., Scrape]) -> None:
    endpoint.metrics.stage(Stage.STORE, messages=1, seconds=0.004)
    answer = scrape()

    counts = {stage: answer.value(f"{conventions.POWER_STAGE_DURATION}_count", stage=stage) for stage in STAGES}
    assert {**dict.fromkeys(STAGES, 0.0), "store": 1.0} == counts


@pytest.mark.parametrize("observed", [False, True], ids=["before", "after"])
def test_histograms_have_the_agreed_edges(
    endpoint: Endpoint, scrape: Callable[..., Scrape], *, observed: bool
) -> None:
    """Both before the first observation, when the zero rows stand in for the SDK, and after it."""
    if observed:
        report_everything(endpoint.metrics)
    answer = scrape()

    for metric in METRICS:
        if metric.kind is Kind.HISTOGRAM:
            edges = list(dict.fromkeys(answer.label_values(f"{metric.name}_bucket", "le")))
            assert [*map(str, metric.edges), "+Inf"] == edges
            assert {"0.01", "0.02", "0.03", "0.05", "5.0"} <= set(edges)


def test_the_edges_hold_under_a_provider_of_the_caller() -> None:
    registry = prometheus_client.CollectorRegistry()
    provider = _provider(registry)
    PowerMetrics(provider.get_meter("mine")).committed(latencies=[0.02], ages=[0.2])
    text = prometheus_client.generate_latest(registry).decode()
    provider.shutdown()

    assert 'power_processing_latency_seconds_bucket{le="0.02",otel_scope_name="mine"' in text


def _provider(registry: prometheus_client.CollectorRegistry) -> MeterProvider:
    from opentelemetry.exporter.prometheus import PrometheusMetricReader  # noqa: PLC0415 - this test alone needs it

    return MeterProvider([PrometheusMetricReader(registry=registry)], shutdown_on_exit=False)


def test_no_sample_carries_scope_labels(endpoint: Endpoint, scrape: Callable[..., Scrape]) -> None:
    report_everything(endpoint.metrics)

    assert "otel_scope" not in scrape().text


def test_the_service_stands_in_target_info_alone(scrape: Callable[..., Scrape]) -> None:
    lines = [line for line in scrape().text.splitlines() if "power-data-processor" in line]

    assert lines == ['target_info{service_name="power-data-processor"} 1.0']


@pytest.mark.parametrize("reported", [False, True], ids=["before", "after"])
def test_promtool_has_nothing_to_say(endpoint: Endpoint, scrape: Callable[..., Scrape], *, reported: bool) -> None:
    if reported:
        report_everything(endpoint.metrics)
    run = subprocess.run(
        [_program("promtool"), "check", "metrics"], input=scrape().text, capture_output=True, text=True, check=False
    )

    assert (run.returncode, run.stdout + run.stderr) == (0, "")


@pytest.mark.parametrize(
    ("accept", "content_type", "parse"),
    [
        pytest.param(ACCEPT_2_42, "application/openmetrics-text; version=1.0.0", parse_openmetrics, id="2.42"),
        pytest.param(ACCEPT_3_UTF8, "application/openmetrics-text; version=1.0.0", parse_openmetrics, id="3-utf8"),
        pytest.param(
            ACCEPT_3_LEGACY, "application/openmetrics-text; version=1.0.0", parse_openmetrics, id="3-legacy"
        ),
        pytest.param(ACCEPT_3_TEXT, "text/plain; version=1.0.0", parse_text, id="3-text"),
        pytest.param(ACCEPT_TEXT, "text/plain; version=0.0.4", parse_text, id="text"),
    ],
)
def test_every_prometheus_gets_its_format_and_the_same_values(
    endpoint: Endpoint,
    scrape: Callable[..., Scrape],
    accept: str,
    content_type: str,
    parse: Callable[[str], Iterator[prometheus_client.Metric]],
) -> None:
    report_everything(endpoint.metrics)
    answer = scrape(accept)
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in parse(answer.text)
        for sample in family.samples
    }

    assert answer.content_type.startswith(content_type)
    assert samples[conventions.POWER_RECORDS,] == 10
    assert samples[f"{conventions.POWER_PROCESSING_LATENCY}_bucket", ("le", "0.02")] == 1
    assert samples[f"{conventions.POWER_RECORD_AGE}_bucket", ("le", "5.0")] == 1
    assert samples[conventions.POWER_BACKLOG_OLDEST,] == 1_700_000_000


def test_scrapes_at_the_same_time_take_turns() -> None:
    """In the reader's collector they would take each other's measurements: one gets nothing, one everything twice."""
    both_inside = threading.Barrier(2)
    overlaps = []

    class Collector:
        def collect(self) -> Iterator[prometheus_client.Metric]:
            with suppress(threading.BrokenBarrierError):
                both_inside.wait(timeout=0.2)
                overlaps.append(True)
            yield prometheus_client.Metric("m", "m", "gauge")

    registry = ScrapeRegistry([])
    registry.register(Collector())
    with ThreadPoolExecutor(2) as pool:
        answers = [future.result() for future in [pool.submit(registry.collect) for _ in range(2)]]

    assert [len(list(families)) for families in answers] == [1, 1]
    assert overlaps == []


def test_no_global_is_touched(endpoint: Endpoint) -> None:
    report_everything(endpoint.metrics)
    names = {family.name for family in prometheus_client.REGISTRY.collect()}

    assert not [name for name in names if name.startswith(("power_", "target"))]
    assert not isinstance(otel.get_meter_provider(), MeterProvider)


def test_a_disabled_sdk_exposes_nothing_rather_than_zeros() -> None:
    code = (
        "from gridobs.instrument import start\n"
        "import urllib.request\n"
        "endpoint = start(service='s', host='127.0.0.1', port=0)\n"
        "endpoint.metrics.received(1)\n"
        "print(urllib.request.urlopen(endpoint.url).read().decode(), end='')\n"
        "endpoint.close()\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "OTEL_SDK_DISABLED": "true"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_the_manual_lists_every_metric_with_its_labels() -> None:
    manual = (Path(__file__).parents[3] / "docs" / "instrument.md").read_text()

    for metric in METRICS:
        labels = " ".join(f"`{label}`" for label in metric.labels) or "-"
        assert f"| `{metric.name}` | {metric.kind} | {labels} |" in manual


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None and os.environ.get("CI") != "true":
        pytest.skip(f"{name} is not installed; make setup installs it")
    assert found is not None, f"{name} is not installed"
    return found

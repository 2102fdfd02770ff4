"""Names, documentation and code say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gridobs_exporters.collectors import KINDS
from gridobs_exporters.metric import Kind, Metric
from gridobs_exporters.names import MODULES, all_metrics
from gridobs_exporters.reference import reference

DOCS = Path(__file__).parents[3] / "docs"
NAMES = [metric.name for metric in all_metrics()]


def test_every_name_stands_once() -> None:
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("metric", all_metrics(), ids=lambda metric: metric.name)
def test_every_metric_is_well_formed(metric: Metric) -> None:
    collectors = "|".join(module.__name__.rpartition(".")[2] for module in MODULES)
    name = (
        rf"gridobs_({collectors})_[a-z][a-z0-9_]*[a-z0-9]|probe_[a-z_]+"  # the latter are those of blackbox_exporter
    )
    assert re.fullmatch(name, metric.name)
    assert not metric.name.endswith(("_count", "_sum", "_bucket", "_created"))
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert metric.help.endswith(".")
    assert not {"cluster", "region", "service", "env", "site", "type", "le", "job", "instance"}.intersection(
        metric.labels
    )
    assert len(set(metric.labels)) == len(metric.labels)


def test_the_names_objectives_rely_on_stay() -> None:
    assert {
        "gridobs_mqtt_probe_attempts_total",
        "gridobs_mqtt_probe_failures_total",
        "gridobs_mqtt_probe_roundtrip_seconds",
        "gridobs_wasmedge_container_start_duration_seconds",
    } <= set(NAMES)


def test_the_reference_of_the_metrics_is_what_the_code_says() -> None:
    assert (DOCS / "metrics.md").read_text() == reference()


def test_no_page_names_a_series_that_is_not_exposed() -> None:
    known = {name + end for name in NAMES for end in ("", "_bucket", "_count", "_sum")}
    for page in (DOCS / "exporters.md", *DOCS.glob("exporters/*.md")):
        named = set(re.findall(r"`(gridobs_[a-z0-9_]+)(?:\{[^`]*)?`", page.read_text()))
        assert named - known - {"gridobs_exporters"} == set(), page


def test_every_flag_of_a_collector_is_documented() -> None:
    for kind in KINDS:
        page = DOCS / "exporters" / f"{kind.name}.md"
        text = (page if page.exists() else DOCS / "exporters.md").read_text()
        assert [flag.name for flag in kind.flags if f"`{flag.name}" not in text] == []


def test_the_documented_schema_is_the_one_under_test(schema: str) -> None:
    pages = [DOCS / "exporters.md", *DOCS.glob("exporters/*.md")]

    assert [page for page in pages if schema in page.read_text()]

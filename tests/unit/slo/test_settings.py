from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from gridobs import conventions
from gridobs.errors import SourceError
from gridobs.slo.promql import PrometheusVersion
from gridobs.slo.settings import Settings, load_settings


def test_without_a_file_every_setting_has_its_default(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)

    assert settings == Settings()
    assert (settings.interval, settings.period_interval) == ("30s", "2m")
    assert (settings.scrape_interval, settings.retention) == ("30s", "32d")
    assert (settings.runbooks, settings.dashboards) == (None, None)


def test_the_edges_of_our_own_histograms_are_known_exactly(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text("histograms: {mine_seconds: [0.10, 1, 2.5]}\n")

    histograms = load_settings(tmp_path).histograms
    assert histograms["mine_seconds"] == (Decimal("0.1"), Decimal(1), Decimal("2.5"))
    assert Decimal("0.05") in histograms[conventions.POWER_PROCESSING_LATENCY]
    assert [float(edge) for edge in histograms[conventions.POWER_RECORD_AGE]] == list(conventions.AGE_EDGES)


def test_what_is_written_is_what_rules_are_compiled_with(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text(
        "interval: 15s\nperiodInterval: 1m\nrunbooks: https://r/{slo}\ndashboards: https://d?var={slo}\n"
    )

    options = load_settings(tmp_path).compile_options(PrometheusVersion.V3)
    assert (options.interval, options.period_interval, options.version) == ("15s", "1m", PrometheusVersion.V3)
    assert (options.runbooks, options.dashboards) == ("https://r/{slo}", "https://d?var={slo}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("interval: soon\n", "1:11 GO004 'soon' is not a duration; write it like 30s, 5m, 1h or 30d"),
        ("interval: 5m\n", "1:11 GO004 periodInterval 2m is shorter than interval 5m; sums over the whole period"),
        ("periodInterval: 5s\n", "1:17 GO004 periodInterval 5s is shorter than interval 30s; sums over"),
        (
            "runbooks: wiki\n",
            "1:11 GO004 'wiki' is not a web address; write a web address, with {slo} where the name",
        ),
        ("runbooks: https://r/{service}\n", "1:11 GO004 'https://r/{service}' is not a web address; write"),
        ("retension: 32d\n", "1:1 GO006 unknown key 'retension'; did you mean 'retention'?"),
        ("histograms: {a: [1, 1]}\n", "1:14 GO004 'a' has no list of edges; write pairs of a histogram's name"),
        ("histograms: {a: []}\n", "1:14 GO004 'a' has no list of edges; write pairs of a histogram's name"),
        ("histograms: {a_bucket: [1]}\n", "1:14 GO004 'a_bucket' has no list of edges; write pairs"),
        ("histograms: {a: ['1']}\n", "1:18 GO004 the edge is not a number; write pairs"),
        ("interval: 30s\n---\nretention: 1d\n", "3:1 GO004 the settings are one document; write all of them above"),
    ],
)
def test_a_fault_is_named_with_its_place_and_cure(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "settings.yaml").write_text(text)

    with pytest.raises(SourceError) as caught:
        load_settings(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}/settings.yaml:{expected}")


def test_those_of_the_repository_load() -> None:
    assert load_settings(Path(__file__).parents[3] / "alerts").runbooks == "https://runbooks.example/{slo}"

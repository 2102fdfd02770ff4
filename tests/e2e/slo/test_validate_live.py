"""Objectives held against a real Prometheus that scrapes itself."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from gridobs import sources
from gridobs.cli.app import app
from gridobs.prometheus import Client
from gridobs.slo import openslo
from gridobs.slo.live import check_live
from gridobs.slo.settings import Settings
from gridobs.testbed.http_api import responds
from gridobs.testbed.processes import Process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e

SETTINGS = "histograms: {prometheus_http_request_duration_seconds: [0.1, 0.3, 1, 3]}\n"
SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: api}
spec:
  service: prometheus
  indicator:
    spec:
      ratioMetric:
        counter: true
        ROLE: {metricSource: {type: Prometheus, spec: {query: 'PART'}}}
        total: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(TOTAL[{{.window}}]))'}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
"""
DURATION = "prometheus_http_request_duration_seconds"
REQUESTS = "prometheus_http_requests_total"


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of one that has scraped itself."""
    if not shutil.which("prometheus") and os.environ.get("CI") != "true":
        pytest.skip("prometheus is not installed; make setup installs it")
    folder = tmp_path_factory.mktemp("prometheus")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: self, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n"
    )
    process = Process(
        "prometheus",
        [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        log=folder / "log",
    )
    process.start()
    try:
        process.wait_until(lambda: responds(f"{url}/-/ready"), "get ready")
        client = Client(url)
        process.wait_until(lambda: bool(client.query(DURATION + "_count") and client.metadata(DURATION)), "scrape")
        yield url
    finally:
        process.stop()


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    (tmp_path / "slos").mkdir()
    (tmp_path / "settings.yaml").write_text(SETTINGS)
    return tmp_path


def write(catalogue: Path, part: str, total: str, role: str = "good") -> Path:
    text = SLO.replace("ROLE", role).replace("PART", f"sum(rate({part}[{{{{.window}}}}]))").replace("TOTAL", total)
    (catalogue / "slos/api.yaml").write_text(text)
    return catalogue


def run(catalogue: Path, url: str) -> list[tuple[str, str, str]]:
    done = CliRunner().invoke(app, ["validate", str(catalogue), "--prometheus", url, "--format", "json"])
    return [(one["code"], one["severity"], one["message"]) for one in json.loads(done.stdout)["problems"]]


def test_what_is_there_has_no_problem_and_a_price(catalogue: Path, prometheus: str) -> None:
    write(catalogue, f'{DURATION}_bucket{{le="0.1"}}', f"{DURATION}_count")

    done = CliRunner().invoke(app, ["validate", str(catalogue), "--prometheus", prometheus, "--format", "json"])
    answer = json.loads(done.stdout)

    assert (done.exit_code, answer["problems"]) == (0, [])
    (cost,) = answer["costs"]
    assert cost["slo"] == "api"
    assert cost["series"] >= 2
    assert cost["samples"] >= cost["series"]


def test_the_price_is_shown_to_people(catalogue: Path, prometheus: str) -> None:
    write(catalogue, f'{DURATION}_bucket{{le="0.1"}}', f"{DURATION}_count")

    done = CliRunner().invoke(app, ["validate", str(catalogue), "--prometheus", prometheus])

    assert done.exit_code == 0
    assert "samples an evaluation" in done.stdout
    assert done.stdout.endswith("1 objective, 0 alert rules, 0 exclusions: no problems\n")


def test_a_whole_edge_is_found_however_it_is_stored(catalogue: Path, prometheus: str) -> None:
    write(catalogue, f'{DURATION}_bucket{{le=~"3(\\\\.0)?"}}', f"{DURATION}_count")

    assert run(catalogue, prometheus) == []


def test_a_bucket_that_is_not_there_is_told_with_those_that_are(catalogue: Path, prometheus: str) -> None:
    write(catalogue, f'{DURATION}_bucket{{le="0.3"}}', f"{DURATION}_count")

    done = CliRunner().invoke(app, ["validate", str(catalogue), "--prometheus", prometheus])

    assert done.exit_code == 1
    assert f'GO303 {DURATION}_bucket{{le="0.3"}} does not exist, but other buckets of it do' in done.stdout
    assert "use one of 0.1, 0.2, 0.4, 1, 3, 8, 20, 60, 120, +Inf" in done.stdout


def test_a_series_that_is_not_there_is_told(catalogue: Path, prometheus: str) -> None:
    write(catalogue, "nothing_total", REQUESTS, role="bad")

    assert run(catalogue, prometheus) == [("GO301", "error", "no series of the last hour is called nothing_total")]


def test_failures_that_never_happened_are_a_warning_and_a_total_without_series_an_error(
    catalogue: Path, prometheus: str
) -> None:
    write(catalogue, f'{REQUESTS}{{code="599"}}', REQUESTS, role="bad")
    assert [found[:2] for found in run(catalogue, prometheus)] == [("GO301", "warning")]

    write(catalogue, f'{REQUESTS}{{code="200"}}', f'{REQUESTS}{{code="599"}}', role="bad")
    assert [found[:2] for found in run(catalogue, prometheus)] == [("GO301", "error")]


def test_a_gauge_is_told_from_a_counter(catalogue: Path, prometheus: str) -> None:
    write(catalogue, "go_goroutines", REQUESTS, role="bad")
    settings = Settings()
    loaded = openslo.load(sources.read(catalogue / "slos/api.yaml"), settings)

    found = check_live(loaded, Client(prometheus), settings.compile_options(), time.time())

    (problem,) = found.problems
    assert (problem.code, problem.message) == ("GO302", "its target calls go_goroutines a gauge, not a counter")
    assert (problem.line, problem.column) == (10, 72)


def test_an_expensive_objective_is_a_warning(
    catalogue: Path, prometheus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridobs.slo.live.EXPENSIVE_SAMPLES", 1)
    write(catalogue, f'{REQUESTS}{{code="200"}}', REQUESTS)

    assert [found[:2] for found in run(catalogue, prometheus)] == [("GO304", "warning")]


def test_a_server_that_does_not_answer_is_no_traceback(catalogue: Path) -> None:
    write(catalogue, f'{REQUESTS}{{code="200"}}', REQUESTS)

    done = CliRunner().invoke(app, ["validate", str(catalogue), "--prometheus", "http://127.0.0.1:9"])

    assert type(done.exception).__name__ == "ServerError"

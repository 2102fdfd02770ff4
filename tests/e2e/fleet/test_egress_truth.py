"""A real Prometheus with every rule that ships, fed with every metric there is: what leaves is what was proved."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
import yaml
from gridobs_exporters.histogram import START_EDGES
from gridobs_exporters.names import all_metrics, mqtt
from prometheus_client.parser import text_string_to_metric_families

from gridobs import conventions as names
from gridobs.fleet.egress import derive
from gridobs.instrument.catalogue import METRICS
from gridobs.rules.handwritten import load_rules
from gridobs.rules.render import render
from gridobs.rules.site import site_info
from gridobs.slo.catalogue import compile_catalogue
from gridobs.slo.exclusions import exclusion_rules, load_exclusions
from gridobs.slo.model import CompileOptions
from gridobs.testbed.http_api import responds
from gridobs.testbed.processes import Process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gridobs.fleet.egress.model import Egress

pytestmark = pytest.mark.e2e

ALERTS = Path(__file__).parents[3] / "alerts"
INTERVAL = "5s"
OPTIONS = CompileOptions(
    interval=INTERVAL, period_interval=INTERVAL, rollup_interval=INTERVAL, scrape_interval=INTERVAL
)
PATIENCE = 300.0
SLO = "mqtt-availability"
EXCLUSION = {
    "name": "works", "fleet": True, "from": "2020-01-01T00:00:00Z", "to": "2199-01-01T00:00:00Z",
    "reason": "A test.", "approver": "ops", "slos": [SLO],
}  # fmt: skip
OF_THE_EXCLUDED = {names.SLO_EXCLUDED_BAD, names.SLO_EXCLUDED_TOTAL}
NOT_OF_THE_EXCLUDED = {
    names.slo_error_ratio("5m"), names.SLO_CURRENT_BURN_RATE, names.SLO_PERIOD_BURN_RATE,
    names.SLO_PERIOD_BUDGET_REMAINING,
}  # fmt: skip
"""Ratios, which an objective without events does not have."""
EDGES = sorted({*names.LATENCY_EDGES, *names.AGE_EDGES, *START_EDGES})
VALUES = {
    "stage": ("create_to_start", "store"),
    "usage": ("known", "unknown"),
    "phase": ("Running", "Pending"),
    "destination_class": ("external", "local"),
}
"""What labels must be for a rule to read a series; all others have two values of no meaning."""

RAW = (
    'canary_secret{meter="42"} 1\n'
    'site:smuggled:max{meter="42"} 1\n'
    'gatekeeper_validation_request_count{admission_status="allow"} 1\n'
)
"""What a gate must not let out, one of it under a name as if it were an aggregate."""


def exposition(tick: int) -> str:
    """Every metric of the exporter and of processors, each label with two values; counters are at ``tick``."""
    lines: dict[str, float] = {}
    exposed = [(one.name, one.kind.value, one.labels) for one in all_metrics()]
    exposed += [(one.name, one.kind.value, one.labels) for one in METRICS]
    for name, kind, labels in exposed:
        for values in itertools.product(*(VALUES.get(label, ("a", "b")) for label in labels)):
            labelled = dict(zip(labels, values, strict=True))
            if kind == "histogram":
                for edge in (*map(str, EDGES), "+Inf"):
                    lines[series(f"{name}_bucket", {**labelled, "le": edge})] = tick
                lines[series(f"{name}_count", labelled)] = lines[series(f"{name}_sum", labelled)] = tick
            elif name.endswith("_timestamp_seconds"):
                lines[series(name, labelled)] = time.time()
            else:
                lines[series(name, labelled)] = tick if kind == "counter" else 1 if "connected" in name else 100
            if name == mqtt.CLIENTS_CONNECTED.name:
                lines[series(name, labelled)] = 100
    return RAW + "".join(f"{one} {value!r}\n" for one, value in lines.items())


def series(name: str, labels: Mapping[str, str]) -> str:
    return name + "{" + ",".join(f'{label}="{value}"' for label, value in labels.items()) + "}"


@pytest.fixture(scope="module")
def processor() -> Iterator[int]:
    """A server that says everything; gives its port."""
    ticks = itertools.count(10)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = exposition(next(ticks)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ships, with an exclusion of one objective."""
    folder = tmp_path_factory.mktemp("sources") / "alerts"
    shutil.copytree(ALERTS, folder, ignore=shutil.ignore_patterns("tests"))
    (folder / "exclusions").mkdir(exist_ok=True)
    (folder / "exclusions/works.yaml").write_text(yaml.safe_dump(EXCLUSION))
    return folder


@pytest.fixture(scope="module")
def egress(sources: Path) -> Egress:
    return derive(sources, options=OPTIONS)


@pytest.fixture(scope="module")
def url(sources: Path, processor: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site's Prometheus that evaluates all of it."""
    if not shutil.which("prometheus") and os.environ.get("CI") != "true":
        pytest.skip("prometheus is not installed; make setup installs it")
    folder = tmp_path_factory.mktemp("prometheus")
    exclusions = exclusion_rules(load_exclusions(sources), interval=INTERVAL)
    assert exclusions
    rules = {one.name: one.text for one in compile_catalogue(sources, OPTIONS)}
    rules |= {one.name: one.text for one in load_rules(sources)}
    rules |= {"exclusions": render(exclusions, "x"), "site-info": render(site_info("sub-0001", "north"), "x")}
    (folder / "rules").mkdir()
    for name, text in rules.items():
        (folder / "rules" / f"{name}.yaml").write_text(text)
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    jobs = {
        "gridobs-exporter": f"127.0.0.1:{processor}",
        "power-data-processor": f"127.0.0.1:{processor}",
        "prometheus": address,
    }
    config = {
        "global": {
            "scrape_interval": INTERVAL,
            "scrape_timeout": INTERVAL,
            "evaluation_interval": INTERVAL,
            "external_labels": {"site": "sub-0001", "region": "north"},
        },
        "rule_files": ["rules/*.yaml"],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [target]}]} for job, target in jobs.items()
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    process = Process(
        "prometheus",
        [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
        ],
        log=folder / "log",
    )
    process.start()
    try:
        process.wait_until(lambda: responds(f"http://{address}/-/ready"), "get ready")
        yield f"http://{address}"
    finally:
        process.stop()


def federated(url: str, egress: Egress) -> list[tuple[str, dict[str, str]]]:
    answer = requests.get(f"{url}/federate", params={"match[]": egress.selector}, timeout=30)
    answer.raise_for_status()
    return [
        (sample.name, sample.labels)
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    ]


@pytest.fixture(scope="module")
def expected(egress: Egress) -> Counter[str]:
    """How many series of each name there must be: all there can be, but for the one objective that is excluded."""
    counted = Counter[str]()
    for one in egress.series:
        counted[one.name] += one.bound
    return Counter(
        {
            name: 1 if name in OF_THE_EXCLUDED else bound - 1 if name in NOT_OF_THE_EXCLUDED else bound
            for name, bound in counted.items()
        }
    )


@pytest.fixture(scope="module")
def left(url: str, egress: Egress, expected: Counter[str]) -> list[tuple[str, dict[str, str]]]:
    """What a hub pulls once there is as much as there must be."""
    until = time.monotonic() + PATIENCE
    while len(found := federated(url, egress)) < expected.total() and time.monotonic() < until:
        time.sleep(1)
    return found


def test_every_name_comes_with_as_many_series_as_was_said(
    left: list[tuple[str, dict[str, str]]], expected: Counter[str]
) -> None:
    assert Counter(name for name, _ in left) == expected


def test_a_series_has_exactly_the_labels_that_were_said(
    left: list[tuple[str, dict[str, str]]], egress: Egress
) -> None:
    said: dict[str, set[str]] = {}
    for one in egress.series:
        said.setdefault(one.name, {"site", "region"}).update(one.labels)
    seen: dict[str, set[str]] = {}
    for name, labels in left:
        seen.setdefault(name, set()).update(label for label, value in labels.items() if value)

    assert seen == said
    assert {label for labels in seen.values() for label in labels} == set(egress.labels)


def test_nothing_raw_is_among_it(left: list[tuple[str, dict[str, str]]], url: str) -> None:
    text = repr(left)
    there = requests.get(f"{url}/api/v1/query", params={"query": '{meter="42"}'}, timeout=30).json()

    assert {one["metric"]["__name__"] for one in there["data"]["result"]} == {"canary_secret", "site:smuggled:max"}
    assert "canary" not in text.replace("power-pipeline-canary", "")
    assert "smuggled" not in text
    assert "instance" not in {label for _, labels in left for label, value in labels.items() if value}

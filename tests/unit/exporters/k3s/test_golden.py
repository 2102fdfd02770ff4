"""What is exposed of the site the fixtures tell of."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.exporters.k3s.conftest import Answer, Exposition, Site

GOLDEN = Path(__file__).parents[3] / "golden" / "exporters" / "k3s.prom"
UNSTEADY = ("gridobs_k3s_apiserver_clock_offset_seconds ", "gridobs_k3s_apiserver_certificate_expiry_")
PER_WORKLOAD = "gridobs_k3s_workload_replicas_"
MOST = 150  # series of a ten-node site, besides two for each workload


@pytest.fixture
def second_reading(site: Site, tmp_path: Path) -> Exposition:
    """A minute after the first, when something has happened that is counted."""
    store = tmp_path / "state.db"
    for name, size in (("state.db", 4096), ("state.db-wal", 1000), ("state.db-shm", 32768)):
        (tmp_path / name).write_bytes(bytes(size))
    collector = site.collector(datastore=str(store))
    site.refresh(collector)
    for kubelet in site.kubelets.values():
        answer = kubelet.answers["/metrics"]
        body = answer.body.replace(b'"nodefs.available"} 1', b'"nodefs.available"} 4').replace(
            b'kine_sql_total{error_code=""} 4000', b'kine_sql_total{error_code=""} 4100'
        )
        kubelet.answers["/metrics"] = replace(answer, body=body)
    pods = site.listed("/api/v1/pods")
    pods[1]["status"]["containerStatuses"][0]["restartCount"] += 3
    site.list("/api/v1/pods", pods)
    site.hands.now = 60
    site.refresh(collector)
    return site.scrape(collector)


def test_the_exposition_of_the_site_is_the_golden_one(
    second_reading: Exposition, request: pytest.FixtureRequest
) -> None:
    """Write the golden file anew by deleting it; look at the difference before committing."""
    unsteady = (*UNSTEADY, "gridobs_k3s_datastore_filesystem_")
    steady = "".join(line for line in second_reading.text.splitlines(keepends=True) if not line.startswith(unsteady))
    if not GOLDEN.exists():
        GOLDEN.write_text(steady)
        pytest.fail(f"{GOLDEN} was missing and has been written, for {request.node.name}")

    assert steady == GOLDEN.read_text()


def test_promtool_finds_nothing_to_say(second_reading: Exposition, promtool: str) -> None:
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=second_reading.text, capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def site_series(exposition: Exposition) -> list[str]:
    return [series for series in exposition.series() if not series.startswith(PER_WORKLOAD)]


def test_ten_nodes_have_few_series(site: Site, tmp_path: Path) -> None:
    site.grow(10)
    (tmp_path / "state.db").touch()
    exposition = site.read(datastore=str(tmp_path / "state.db"))

    assert exposition['gridobs_k3s_kubelet_up{node="edge-10"}'] == 1
    assert len(site_series(exposition)) <= MOST


def test_ten_nodes_on_their_worst_day_have_not_many_more(
    site: Site, tmp_path: Path, fixture_bytes: Callable[[str], bytes], answer: type[Answer]
) -> None:
    """Every check fails, every node is under every pressure and of its own version, handlers and errors abound."""
    site.grow(10)
    for end in ("", "-wal", "-shm"):
        (tmp_path / f"state.db{end}").touch()
    failed = b"".join(b"[-]poststarthook/p%d failed: x\n" % number for number in range(30))
    site.api.answers["/readyz"] = answer(status=500, body=fixture_bytes("readyz-failed.txt") + failed)
    nodes = site.listed("/api/v1/nodes")
    for number, node in enumerate(nodes):
        for condition in node["status"]["conditions"]:
            condition["status"] = "Unknown"
        node["status"]["nodeInfo"]["kubeletVersion"] = f"v1.{number}"
    site.list("/api/v1/nodes", nodes)
    for kubelet in site.kubelets.values():
        whole = kubelet.answers["/metrics"]
        more = b"".join(
            b'kubelet_run_podsandbox_%b{runtime_handler="h%d"} 1\n' % (end, number)
            for end in (b"errors_total", b"duration_seconds_sum", b"duration_seconds_count")
            for number in range(20)
        ) + b"".join(b'kine_sql_total{error_code="%d"} 1\n' % number for number in range(50))
        kubelet.answers["/metrics"] = replace(whole, body=whole.body + more)

    assert len(site_series(site.read(datastore=str(tmp_path / "state.db")))) <= MOST


def test_workloads_have_two_series_each_up_to_the_limit(site: Site) -> None:
    exposition = site.read(max_workloads=2)

    assert exposition.series(PER_WORKLOAD) == [
        f'{PER_WORKLOAD}{what}{{kind="{kind}",namespace="power",workload="{name}"}}'
        for what in ("desired", "available")
        for kind, name in (("Deployment", "power-data-processor"), ("StatefulSet", "broker"))
    ]
    assert exposition["gridobs_k3s_workloads_dropped"] == 3


def test_many_pods_cost_no_series(site: Site) -> None:
    before = len(site.read().series())
    body = json.loads(site.api.answers["/api/v1/pods"].body)
    many = [pod | {"metadata": {"uid": f"u{number}", "name": "p"}} for number in range(50) for pod in body["items"]]
    site.list("/api/v1/pods", many)
    exposition = site.read()

    assert exposition['gridobs_k3s_pods{phase="Running",runtime="wasm"}'] == 100
    assert len(exposition.series()) == before

"""How many series a site has at most."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.unit.exporters.k3s.standin import Answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.exporters.k3s.standin import Exposition, Site

PER_WORKLOAD = "gridobs_k3s_workload_replicas_"
MOST = 150  # series of a ten-node site, besides two for each workload


def site_series(exposition: Exposition) -> list[str]:
    return [series for series in exposition.series() if not series.startswith(PER_WORKLOAD)]


def test_ten_nodes_have_few_series(site: Site, tmp_path: Path) -> None:
    site.grow(10)
    (tmp_path / "state.db").touch()
    exposition = site.read(datastore=str(tmp_path / "state.db"))

    assert exposition['gridobs_k3s_kubelet_up{node="edge-10"}'] == 1
    assert len(site_series(exposition)) <= MOST


def test_ten_nodes_on_their_worst_day_have_not_many_more(
    site: Site, tmp_path: Path, fixture_bytes: Callable[[str], bytes]
) -> None:
    """Every check fails, every node is under every pressure and of its own version, handlers and errors abound."""
    site.grow(10)
    for end in ("", "-wal", "-shm"):
        (tmp_path / f"state.db{end}").touch()
    failed = b"".join(b"[-]poststarthook/p%d failed: x\n" % number for number in range(30))
    site.api.answers["/readyz"] = Answer(status=500, body=fixture_bytes("readyz-failed.txt") + failed)
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
        f'{PER_WORKLOAD}{what}{{kind="{kind}",workload="{name}",workload_namespace="power"}}'
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

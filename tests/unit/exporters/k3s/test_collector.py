"""The collector against servers that fail in every way: what fails costs its own series, and comes back by itself."""

from __future__ import annotations

import gzip
import ssl
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.k3s.prober import EDGES

from tests.unit.exporters.k3s.standin import Answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.exporters.k3s.standin import Certificates, Exposition, Site

BY_SOURCE = {
    "version": ("/version", "gridobs_k3s_apiserver_info"),
    "nodes": ("/api/v1/nodes", "gridobs_k3s_node_ready"),
    "leases": (
        "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases",
        "gridobs_k3s_node_heartbeat_timestamp_seconds",
    ),
    "pods": ("/api/v1/pods", "gridobs_k3s_pods{"),
    "workloads": ("/apis/apps/v1/deployments", "gridobs_k3s_workload_replicas_"),
}
ERRORS = 'gridobs_k3s_source_errors_total{{source="{}"}}'
SUCCESS = 'gridobs_exporter_collector_success{collector="k3s"}'
EDGE_2 = '{node="edge-2"}'


# --- the API server ------------------------------------------------------------------------------------------------
def test_an_api_server_that_is_not_ready_is_up_and_says_what_fails(
    site: Site, fixture_bytes: Callable[[str], bytes]
) -> None:
    site.api.answers["/readyz"] = replace(
        site.api.answers["/readyz"], status=500, body=fixture_bytes("readyz-failed.txt")
    )
    exposition = site.read()

    assert exposition["gridobs_k3s_up"] == 1
    assert exposition["gridobs_k3s_apiserver_ready"] == 0
    assert exposition['gridobs_k3s_readyz_check{check="etcd"}'] == 0
    assert exposition["gridobs_k3s_readyz_checks_failed"] == 6
    assert exposition["gridobs_k3s_readyz_failures_total"] == 1
    assert exposition["gridobs_k3s_readyz_duration_seconds_count"] == 0


def test_the_edges_hold_those_of_the_latency_objectives() -> None:
    assert {0.010, 0.020, 0.030, 0.050} <= set(EDGES)


def slow() -> Answer:
    return Answer(body=b"[+]ping ok\nreadyz check passed\n", wait=5)


def garbage() -> Answer:
    return Answer(body=b'\x00\xff{"items": [}' * 50)


def no_http() -> Answer:
    return Answer(raw=b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def an_error() -> Answer:
    return Answer(status=500, body=b'{"kind":"Status","status":"Failure"}')


def nothing() -> Answer:
    return Answer(raw=b"")


def half_a_gzip() -> Answer:
    body = gzip.compress(b'{"items": [' + bytes(range(256)) * 200)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return Answer(raw=head + body[: len(body) // 2])


BROKEN = [slow, garbage, no_http, an_error, nothing, half_a_gzip]


@pytest.mark.parametrize("broken", BROKEN)
def test_an_api_server_that_does_not_say_whether_it_is_ready_is_down(
    site: Site, broken: Callable[[], Answer]
) -> None:
    site.api.answers["/readyz"] = broken()
    exposition = site.read()

    assert exposition["gridobs_k3s_up"] == 0
    assert exposition["gridobs_k3s_readyz_attempts_total"] == 1
    assert exposition["gridobs_k3s_readyz_failures_total"] == 1
    assert "gridobs_k3s_apiserver_ready" not in exposition
    assert exposition['gridobs_k3s_node_ready{node="edge-1"}'] == 1, "the lists are read all the same"


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("source", BY_SOURCE)
def test_a_source_that_fails_costs_its_own_series(site: Site, source: str, broken: Callable[[], Answer]) -> None:
    path, series = BY_SOURCE[source]
    site.api.answers[path] = broken()
    exposition = site.read()

    assert exposition["gridobs_k3s_up"] == 1
    assert exposition[ERRORS.format(source)] == 1
    assert exposition[f'gridobs_k3s_source_last_success_timestamp_seconds{{source="{source}"}}'] == 0
    assert exposition[SUCCESS] == 0
    assert series not in exposition
    for other, (_, others_series) in BY_SOURCE.items():
        if other != source and (source, other) != ("nodes", "leases"):
            assert others_series in exposition
            assert exposition[ERRORS.format(other)] == 0


def test_what_is_not_renewed_disappears_after_three_intervals(site: Site) -> None:
    collector = site.collector()
    site.refresh(collector)
    site.api.answers = dict.fromkeys(site.api.answers, Answer(status=500))
    site.hands.now = 89
    site.refresh(collector)
    late = site.scrape(collector)
    site.hands.now = 91
    gone = site.scrape(collector)

    for _, series in BY_SOURCE.values():
        assert series in late
        assert series not in gone
    assert gone['gridobs_k3s_source_last_success_timestamp_seconds{source="pods"}'] == 1_700_000_000
    assert gone['gridobs_k3s_container_restarts_total{runtime="wasm"}'] == 0, "counters stay"


def test_kubelets_are_read_while_the_api_server_is_away(site: Site) -> None:
    collector = site.collector()
    site.refresh(collector)
    site.api.stop()
    site.hands.now = 300
    site.refresh(collector)
    exposition = site.scrape(collector)

    assert exposition["gridobs_k3s_up"] == 0
    assert "gridobs_k3s_node_ready" not in exposition
    assert exposition[f"gridobs_k3s_kubelet_up{EDGE_2}"] == 1


def test_an_object_that_makes_no_sense_is_left_out_and_counted(site: Site) -> None:
    pods = site.listed("/api/v1/pods")
    pods[0]["status"]["phase"] = "Dreaming"
    site.list("/api/v1/pods", pods)
    exposition = site.read()

    assert exposition['gridobs_k3s_pods{phase="Running",runtime="wasm"}'] == 1
    assert exposition["gridobs_k3s_unusable_rows_total"] == 1 + 2, "two are the kubelet's negative sum"


def test_a_list_in_pages_is_read_to_its_end(site: Site) -> None:
    """As when the API server does not answer from memory."""
    nodes = site.listed("/api/v1/nodes")
    path = "/api/v1/nodes"
    site.list(path, nodes[:1])
    page = site.api.answers[path].body.replace(b'"resourceVersion"', b'"continue": "a=/", "resourceVersion"')
    site.list(path, nodes[1:])
    site.api.answers[f"{path}?limit=200&continue=a%3D%2F"] = site.api.answers[path]
    site.api.answers[path] = Answer(body=page)
    exposition = site.read()

    assert exposition.series("gridobs_k3s_node_ready") == [
        'gridobs_k3s_node_ready{node="edge-1"}',
        f"gridobs_k3s_node_ready{EDGE_2}",
    ]


def test_restarts_are_counted_from_when_the_exporter_came(site: Site) -> None:
    collector = site.collector()
    site.refresh(collector)
    pods = site.listed("/api/v1/pods")
    pods[0]["status"]["containerStatuses"][0]["restartCount"] += 2
    new = {**pods[1], "metadata": {"uid": "new", "name": "new"}}
    site.list("/api/v1/pods", [*pods[:3], new])
    site.hands.now = 30
    site.refresh(collector)
    exposition = site.scrape(collector)

    assert exposition['gridobs_k3s_container_restarts_total{runtime="wasm"}'] == 2 + 5, "a new pod's all"
    assert exposition['gridobs_k3s_container_restarts_total{runtime="other"}'] == 0


def test_the_clock_of_the_api_server_is_compared_with_ours(site: Site) -> None:
    """NOON is 2023-11-14 22:13:20."""
    ahead = (("Date", "Tue, 14 Nov 2023 22:13:30 GMT"),)
    site.api.answers["/readyz"] = replace(site.api.answers["/readyz"], headers=ahead)

    assert site.read()["gridobs_k3s_apiserver_clock_offset_seconds"] == 10.5


@pytest.mark.parametrize("date", ["", "yesterday", "Tue, 99 Nov 2023 22:13:30 GMT", "Tue, 14 Nov 99999 22:13:30 GMT"])
def test_a_date_that_is_none_says_nothing_of_the_clock(site: Site, date: str) -> None:
    site.api.answers["/readyz"] = replace(site.api.answers["/readyz"], headers=(("Date", date),))
    exposition = site.read()

    assert exposition["gridobs_k3s_up"] == 1
    assert "gridobs_k3s_apiserver_clock_offset_seconds" not in exposition


def test_the_expiry_of_the_certificate_it_shows_is_told(site: Site, certificates: Certificates) -> None:
    decoded = ssl.create_default_context(cafile=str(certificates.ca))
    assert decoded.get_ca_certs()
    days = (site.read()["gridobs_k3s_apiserver_certificate_expiry_timestamp_seconds"] - time.time()) / 86400

    assert 1.9 < days <= 2


# --- who we are and whom we trust ----------------------------------------------------------------------------------
def test_a_token_that_is_replaced_is_used_from_the_next_request_on(site: Site) -> None:
    collector = site.collector()
    site.refresh(collector)
    for server in (site.api, *site.kubelets.values()):
        server.token = "second"  # noqa: S105 - as above
    site.refresh(collector)
    refused = site.scrape(collector)
    site.token_file.write_text("second\n")
    site.hands.now = 30
    site.refresh(collector)
    accepted = site.scrape(collector)

    assert refused["gridobs_k3s_up"] == 0
    assert refused[ERRORS.format("pods")] == 1
    assert accepted["gridobs_k3s_up"] == 1
    assert accepted[SUCCESS] == 1


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"a\nb"])
def test_without_a_token_nothing_is_asked(site: Site, content: bytes | None) -> None:
    site.token_file.unlink()
    if content is not None:
        site.token_file.write_bytes(content)
    exposition = site.read()

    assert exposition["gridobs_k3s_up"] == 0
    assert exposition["gridobs_k3s_readyz_failures_total"] == 1
    assert site.api.requests == []


def test_an_api_server_that_we_do_not_trust_never_sees_the_token(site: Site, certificates: Certificates) -> None:
    exposition = site.read(ca_file=str(certificates.stranger_ca))

    assert exposition["gridobs_k3s_up"] == 0
    assert exposition[ERRORS.format("nodes")] == 1
    assert site.api.requests == []


def test_kubelets_can_have_an_authority_of_their_own(site: Site, certificates: Certificates) -> None:
    exposition = site.read(kubelet_ca_file=str(certificates.stranger_ca))

    assert exposition["gridobs_k3s_up"] == 1
    assert exposition[f"gridobs_k3s_kubelet_up{EDGE_2}"] == 0
    assert exposition[ERRORS.format("kubelet")] == 2
    assert [request for kubelet in site.kubelets.values() for request in kubelet.requests] == []


def test_the_shipped_role_allows_what_is_asked_and_nothing_more(site: Site) -> None:
    site.read()
    asked = {request for server in (site.api, *site.kubelets.values()) for _, request, _ in server.requests}
    allowed = [allowed for server in (site.api, *site.kubelets.values()) for *_, allowed in server.requests]
    granted = {
        (verb, thing, namespace)
        for namespace, rule in site.api.role.rules
        for verb in rule["verbs"]
        for thing in (*rule.get("resources", ()), *rule.get("nonResourceURLs", ()))
    }

    assert all(allowed)
    assert {(one.verb, one.resource or one.path, one.namespace) for one in asked} == granted
    assert not any("proxy" in thing for _, thing, _ in granted)


# --- kubelets ------------------------------------------------------------------------------------------------------
def node_series(exposition: Exposition, node: str) -> list[str]:
    start = ("gridobs_k3s_kubelet_up", "gridobs_k3s_node_cpu", "gridobs_k3s_node_memory")
    return [series for series in exposition.series() if series.startswith(start) and f'node="{node}"' in series]


@pytest.mark.parametrize("broken", BROKEN)
def test_one_kubelet_of_ten_that_fails_costs_its_own_series(site: Site, broken: Callable[[], Answer]) -> None:
    site.grow(10)
    site.kubelets["edge-7"].answers["/metrics/resource"] = broken()
    exposition = site.read()

    assert exposition['gridobs_k3s_kubelet_up{node="edge-7"}'] == 0
    assert node_series(exposition, "edge-7") == ['gridobs_k3s_kubelet_up{node="edge-7"}']
    assert exposition["gridobs_k3s_kubelet_metrics_oldest_success_timestamp_seconds"] == 1_700_000_000
    assert exposition['gridobs_k3s_node_ready{node="edge-7"}'] == 1
    assert exposition['gridobs_k3s_cpu_allocatable_cores{usage="unknown"}'] == 3.9
    assert exposition['gridobs_k3s_cpu_allocatable_cores{usage="known"}'] == pytest.approx(4 + 8 * 3.9)
    for node in set(site.kubelets) - {"edge-7"}:
        assert len(node_series(exposition, node)) == 3


@pytest.mark.parametrize("broken", BROKEN)
def test_the_dear_endpoint_fails_for_itself(site: Site, broken: Callable[[], Answer]) -> None:
    site.kubelets["edge-1"].answers["/metrics"] = replace(broken(), wait=0)
    exposition = site.read()

    assert exposition['gridobs_k3s_kubelet_up{node="edge-1"}'] == 1
    if broken in {slow, garbage}:
        return  # an answer without the rows, which an agent's may be
    assert exposition[ERRORS.format("kubelet_metrics")] == 1
    assert exposition["gridobs_k3s_kubelet_metrics_oldest_success_timestamp_seconds"] == 0
    assert 'gridobs_k3s_certificate_expiry_timestamp_seconds{node="edge-2"' in exposition
    assert "gridobs_k3s_datastore_sql" not in exposition


def test_the_dear_endpoint_is_asked_once_a_minute_however_often_the_cheap_one_is(site: Site) -> None:
    collector = site.collector(refresh_interval="10s")
    for second in range(0, 120, 10):
        site.hands.now = second
        site.refresh(collector)
    paths = [path for path, *_ in site.kubelets["edge-1"].requests]

    assert paths.count("/metrics/resource") == 12
    assert paths.count("/metrics") == 2
    assert site.scrape(collector)["gridobs_k3s_kubelet_metrics_oldest_success_timestamp_seconds"] == 1_700_000_060


def test_the_dear_endpoint_can_be_left_alone(site: Site) -> None:
    exposition = site.read(kubelet_metrics=False)

    assert exposition[SUCCESS] == 1
    assert "gridobs_k3s_kubelet_metrics_oldest" not in exposition
    assert {path for path, *_ in site.kubelets["edge-1"].requests} == {"/metrics/resource"}


def test_certificates_of_a_kubelet_that_is_silent_disappear(site: Site) -> None:
    collector = site.collector()
    site.refresh(collector)
    site.kubelets["edge-1"].answers.clear()
    for now in (60, 120, 180, 181):
        site.hands.now = now
        site.refresh(collector)
    exposition = site.scrape(collector)

    assert 'gridobs_k3s_certificate_expiry_timestamp_seconds{node="edge-1"' not in exposition
    assert 'gridobs_k3s_certificate_expiry_timestamp_seconds{node="edge-2"' in exposition
    assert "gridobs_k3s_datastore_sql_operations_total" in exposition, "counters stay"


def test_a_node_that_leaves_takes_its_series_along(site: Site) -> None:
    collector = site.collector()
    site.refresh(collector)
    site.list("/api/v1/nodes", site.listed("/api/v1/nodes")[:1])
    site.hands.now = 30
    site.refresh(collector)

    assert [series for series in site.scrape(collector).series() if EDGE_2 in series] == []


def test_kubelets_can_be_named_instead_of_found(site: Site) -> None:
    url = f"https://127.0.0.1:{site.kubelets['edge-2'].port}/"
    exposition = site.read(kubelets=[{"node": "second", "url": url}])

    assert exposition.series("gridobs_k3s_kubelet_up") == ['gridobs_k3s_kubelet_up{node="second"}']


def test_a_datastore_that_is_gone_is_no_success(site: Site, tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(bytes(100))
    there = site.read(datastore=str(tmp_path / "state.db"))
    gone = site.read(datastore=str(tmp_path / "elsewhere" / "state.db"))

    assert there['gridobs_k3s_datastore_bytes{file="main"}'] == 100
    assert there[SUCCESS] == 1
    assert gone[SUCCESS] == 0
    assert "gridobs_k3s_datastore_bytes" not in gone


# --- by itself -----------------------------------------------------------------------------------------------------
def test_threads_read_the_site_and_end_when_told(site: Site) -> None:
    site.grow(10)
    site.kubelets["edge-3"].answers["/metrics/resource"] = Answer(wait=60)
    collector = site.collector()
    collector.start()
    deadline = time.monotonic() + 20
    while len(site.scrape(collector).series("gridobs_k3s_node_cpu")) < 9:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    collector.stop()

    assert site.scrape(collector)["gridobs_k3s_readyz_attempts_total"] == 1

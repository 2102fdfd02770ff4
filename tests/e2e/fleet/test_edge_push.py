"""A real Prometheus with the rendered configuration pushes through the rendered receiver, into a real Prometheus."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import cramjam
import pytest
import requests

from gridobs.fleet.edge.prometheus import prometheus, shared
from gridobs.fleet.edge.receiver import receiver
from gridobs.fleet.edge.settings import EdgeSettings, NginxSettings, ReceiverSettings, TlsFiles
from gridobs.fleet.egress.model import Egress
from gridobs.fleet.model import Fleet, Hub, Region, Site, Transport
from gridobs.rules.model import RecordingRule, RuleFile, RuleGroup
from gridobs.rules.render import render
from gridobs.rules.site import site_info
from gridobs.slo.promql import PrometheusVersion
from gridobs.testbed.processes import LOOPBACK
from tests.e2e.fleet.edge_parts import PATIENCE, Authority, Parts, exported, until
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from gridobs.testbed.processes import Process

pytestmark = pytest.mark.e2e

EGRESS = Egress(
    series=(exported("site:heartbeat:time"), exported("site_info"), exported("slo:sli_error:ratio_rate5m", "slo"))
)
RULES = RuleFile(
    groups=(
        RuleGroup(
            name="planted",
            rules=(
                RecordingRule(record="site:heartbeat:time", expr="time()", labels={"device_id": "canary-1"}),
                RecordingRule(record="slo:sli_error:ratio_rate5m", expr="vector(0.001)", labels={"slo": "accuracy"}),
                RecordingRule(record="gridobs_canary_secret", expr="vector(42)", labels={"device_id": "canary-2"}),
                RecordingRule(record="site:heartbeat:time_canary", expr="vector(42)"),
            ),
        ),
    )
)
NOTHING = bytes(cramjam.snappy.compress_raw(b""))
RECEIVES = "storage: {tsdb: {out_of_order_time_window: 1d}}\nscrape_configs: []\n"


@dataclass
class Pushing:
    """A site that pushes, and the front it pushes to."""

    parts: Parts
    authority: Authority
    fleet: Fleet
    edge: str

    def post(
        self,
        client: str | None,
        path: str = "/api/v1/write",
        method: str = "POST",
        body: bytes | Iterable[bytes] = NOTHING,
    ) -> int:
        ca, certificate, key = map(str, self.authority.files(client or "sub-0001"))
        url, cert = f"https://{self.fleet.hub.receiver}{path}", (certificate, key) if client else None
        answer = requests.request(method, url, verify=ca, cert=cert, data=body, timeout=PATIENCE)
        return answer.status_code


def tls(authority: Authority, name: str) -> TlsFiles:
    ca, certificate, key = map(str, authority.files(name))
    return TlsFiles(ca=ca, certificate=certificate, key=key)


def start(parts: Parts, upstream: str, accounts: Mapping[str, int] | None = None) -> Pushing:
    """A site and the front of ``upstream``."""
    authority = Authority(parts.folder / "pki")
    authority.issue(
        "gridobs-hub,gridobs-hub,client,",
        f"gridobs-receiver,gridobs-receiver,server,IP:{LOOPBACK}",
        "sub-0001,sub-0001,client,",
        "sub-0002,sub-0002,client,",
        "loud,SUB-0001,client,",
    )
    site = Site(id="sub-0001", region="north", address="sub-0001.example:1", transport=Transport.REMOTE_WRITE)
    pulled = Site(id="sub-0002", region="north", address="sub-0002.example:1")
    hub = Hub(receiver=f"{LOOPBACK}:{free_port()}")
    fleet = Fleet(regions=(Region(name="north"),), sites=(site, pulled), hub=hub)
    front = ReceiverSettings(
        tls=tls(authority, "gridobs-receiver"),
        nginx=NginxSettings(folder=str(parts.folder / "front"), access_log=str(parts.folder / "access.log")),
        upstream=upstream,
    )
    parts.nginx(receiver(fleet, front, accounts=accounts), port=int(hub.receiver.rpartition(":")[2]), name="front")

    port = free_port()
    rules = parts.folder / "edge" / "rules"
    rules.mkdir(parents=True)
    (rules / "planted.yaml").write_text(render(RULES, "a test"))
    (rules / "site-info.yaml").write_text(render(site_info("sub-0001", "north"), "fleet.yaml"))
    settings = EdgeSettings(
        tls=tls(authority, "sub-0001"),
        prometheus=f"{LOOPBACK}:{port}",
        targets={},
        scrape_interval=1,
        push_interval=1,
    )
    common = shared(site.transport, hub, EGRESS, settings, PrometheusVersion.V2_42)
    config = prometheus(site, common, settings, source="fleet.yaml")
    hurried = config.replace("metadata_config:\n", "metadata_config:\n    send_interval: 1s\n")  # default: 1m
    _, edge = parts.prometheus("edge", config=hurried, port=port)
    return Pushing(parts, authority, fleet, edge)


def ask(address: str, query: str) -> list[dict[str, Any]]:
    answer = requests.get(f"http://{address}/api/v1/query", params={"query": query}, timeout=PATIENCE).json()
    result: list[dict[str, Any]] = answer["data"]["result"]
    return result


def times(address: str, selector: str) -> list[float]:
    """Of all points of the first series, in order."""
    found = ask(address, f"{selector}[1h]")
    return [float(at) for at, _ in found[0]["values"]] if found else []


def store(parts: Parts, port: int) -> Process:
    process, _ = parts.prometheus("hub", config=RECEIVES, port=port, flags=["--web.enable-remote-write-receiver"])
    return process


def test_only_what_may_leave_arrives_and_a_receiver_that_was_away_misses_nothing(tmp_path: Path) -> None:
    with ExitStack() as stack:
        parts, port = Parts(tmp_path, stack), free_port()
        hub = f"{LOOPBACK}:{port}"
        first = store(parts, port)
        one = start(parts, hub)
        until(lambda: len(times(hub, "site:heartbeat:time")) > 2, "the first pushes arrive")
        first.stop()
        down = max(times(one.edge, "site:heartbeat:time"))
        until(lambda: max(times(one.edge, "site:heartbeat:time")) > down + 3, "the site goes on")
        away = [at for at in times(one.edge, "site:heartbeat:time") if at > down]
        store(parts, port)
        until(lambda: set(away) <= set(times(hub, "site:heartbeat:time")), "what was made meanwhile arrives")

        own = {"site": "sub-0001", "region": "north"}
        assert sorted((row["metric"] for row in ask(hub, '{__name__=~".+"}')), key=str) == [
            {"__name__": "site:heartbeat:time", **own},
            {"__name__": "site_info", **own},
            {"__name__": "slo:sli_error:ratio_rate5m", **own, "slo": "accuracy"},
        ]
        assert ask(one.edge, "gridobs_canary_secret"), "what must not leave is there to be found"
        assert ask(one.edge, 'site:heartbeat:time{device_id="canary-1"}')


@contextmanager
def captured() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """An upstream that takes everything: ``host:port``, and path and unpacked body of each write."""
    writes: list[tuple[str, bytes]] = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            writes.append((self.path, bytes(cramjam.snappy.decompress_raw(body))))
            self.send_response(requests.codes.no_content)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((LOOPBACK, 0), Taker) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"{LOOPBACK}:{server.server_port}", writes
        server.shutdown()


def test_no_byte_of_the_canary_is_sent_nor_what_metrics_the_site_has(tmp_path: Path) -> None:
    with captured() as (upstream, writes), ExitStack() as stack:
        one = start(Parts(tmp_path, stack), upstream)
        until(lambda: bool(ask(one.edge, "prometheus_build_info")), "the site has scraped raw series")
        until(lambda: len(writes) > 5, "it has pushed for longer than metadata would have waited")
        bodies = b"".join(body for _, body in writes)

        assert b"site:heartbeat:time" in bodies
        assert b"canary" not in bodies
        assert b"device_id" not in bodies
        assert b"prometheus_" not in bodies
        assert {path for path, _ in writes} == {"/api/v1/write?extra_label=site=sub-0001&extra_label=region=north"}


def test_the_receiver_hears_nobody_but_sites_that_push(tmp_path: Path) -> None:
    with captured() as (upstream, writes), ExitStack() as stack:
        one = start(Parts(tmp_path, stack), upstream)
        answers = {
            client: one.post(client) for client in (None, "gridobs-hub", "sub-0002", "loud", "gridobs-receiver")
        }
        elsewhere = [
            one.post("sub-0001", "/api/v1/write", "GET"),
            one.post("sub-0001", "/api/v1/query"),
            one.post("sub-0001", "/"),
        ]
        in_chunks = one.post("sub-0001", body=iter([NOTHING]))
        forged = one.post("sub-0001", "/api/v1/write?extra_label=site=sub-0002")
        until(lambda: bool(writes), "the site itself is heard")

        assert answers == {None: 400, "gridobs-hub": 403, "sub-0002": 403, "loud": 403, "gridobs-receiver": 400}
        assert in_chunks == requests.codes.no_content
        assert elsewhere == [405, 403, 403]
        assert forged == requests.codes.no_content
        assert not any("sub-0002" in path for path, _ in writes)


def test_what_a_site_writes_to_a_cluster_lands_with_the_tenant_of_its_region(tmp_path: Path) -> None:
    with captured() as (upstream, writes), ExitStack() as stack:
        start(Parts(tmp_path, stack), upstream, {"north": 7, "south": 8})
        until(lambda: bool(writes), "the site is heard")

        path = "/insert/7/prometheus/api/v1/write?extra_label=site=sub-0001&extra_label=region=north"
        assert {written for written, _ in writes} == {path}

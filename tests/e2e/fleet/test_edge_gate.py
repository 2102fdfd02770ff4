"""A real nginx with the rendered gate before a real Prometheus that holds what must never leave."""

from __future__ import annotations

import gzip
import signal
import socket
import ssl
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import requests

from gridobs.fleet.edge.gate import gate
from gridobs.fleet.edge.settings import EdgeSettings, GateSettings, NginxSettings, TlsFiles
from gridobs.fleet.model import Site
from gridobs.testbed.processes import LOOPBACK
from tests.e2e.fleet.edge_parts import PATIENCE, Authority, Parts, egress, until
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gridobs.fleet.egress.model import Egress
    from gridobs.testbed.processes import Process

pytestmark = pytest.mark.e2e

CANARY = b"canary"
NAMES = ("site:heartbeat:time", "site:k3s_nodes:count", "slo:sli_error:ratio_rate5m")
ALLOWED = (
    "site:heartbeat:time 1",
    "site:k3s_nodes:count 3",
    *(f'slo:sli_error:ratio_rate5m{{slo="power-{number}"}} 0.001' for number in range(20)),
)
HELD_BACK = (
    'gridobs_canary_secret{device_id="canary-0042"} 42',
    'power_records_total{meter="canary"} 7',
    'site:heartbeat:time_canary{meter="canary"} 7',
    'xsite:heartbeat:time{meter="canary"} 7',
    'site:internal_step:sum{meter="canary"} 7',
)
SERIES_OF_A_LARGE_BODY = 120_000


@dataclass
class Gated:
    """A site with its gate; ``direct`` is its Prometheus."""

    authority: Authority
    egress: Egress
    direct: str
    prometheus: Process
    port: int
    log: Path

    def answer(self, request: bytes, client: str | None = "gridobs-hub") -> bytes:
        """All that comes back for these bytes until the gate hangs up."""
        with self.connected(client) as sock:
            sock.sendall(request)
            return b"".join(iter(lambda: sock.recv(65536), b""))

    def connected(self, client: str | None, raw: socket.socket | None = None) -> ssl.SSLSocket:
        raw = raw or socket.create_connection((LOOPBACK, self.port), timeout=PATIENCE)
        return self.authority.client(client).wrap_socket(raw, server_hostname=LOOPBACK)

    def get(self, path: str, client: str = "gridobs-hub", **headers: str) -> requests.Response:
        ca, certificate, key = map(str, self.authority.files(client))
        url = f"https://{LOOPBACK}:{self.port}{path}"
        return requests.get(url, verify=ca, cert=(certificate, key), headers=headers, timeout=PATIENCE)

    def federated(self) -> requests.Response:
        """What Prometheus itself says for the selector."""
        url, asked = f"http://{self.direct}/federate", {"match[]": self.egress.selector}
        return requests.get(url, params=asked, headers={"Accept-Encoding": ""}, timeout=PATIENCE)


def start(parts: Parts, authority: Authority, planted: tuple[str, ...], *names: str) -> Gated:
    parts.plant(planted)
    prometheus, direct = parts.prometheus(flags=["--web.enable-lifecycle"])
    port, allowed = free_port(), egress(*names)
    ca, certificate, key = authority.files("sub-0001")
    log = parts.folder / "access.log"
    settings = EdgeSettings(
        tls=TlsFiles(ca=str(ca), certificate=str(certificate), key=str(key)),
        nginx=NginxSettings(folder=str(parts.folder / "gate"), listen=LOOPBACK, access_log=str(log)),
        gate=GateSettings(rate=1000),
        prometheus=direct,
    )
    site = Site(id="sub-0001", region="north", address=f"{LOOPBACK}:{port}")
    parts.nginx(gate(site, allowed, settings, source="fleet.yaml"), port=port)
    return Gated(authority, allowed, direct, prometheus, port, log)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("pki"))
    made.issue(
        "gridobs-hub,gridobs-hub,client,",
        "loud,GRIDOBS-HUB,client,",
        "longer,gridobs-hub2,client,",
        "sub-0002,sub-0002,client,",
        f"sub-0001,sub-0001,server,IP:{LOOPBACK}",
    )
    return made


@pytest.fixture(scope="module")
def gated(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    """One that many tests ask, as none changes it."""
    with ExitStack() as stack:
        parts = Parts(tmp_path_factory.mktemp("gated"), stack)
        yield start(parts, authority, (*ALLOWED, *HELD_BACK), *NAMES)


def test_the_gate_gives_what_prometheus_gives_for_the_selector_in_its_own_words(gated: Gated) -> None:
    through, direct = gated.get("/federate", **{"Accept-Encoding": ""}), gated.federated()

    assert through.content == direct.content
    assert through.headers["Content-Type"] == direct.headers["Content-Type"]
    assert len([line for line in through.text.splitlines() if not line.startswith("#")]) == len(ALLOWED)
    assert (
        CANARY
        in requests.get(
            f"http://{gated.direct}/federate", params={"match[]": '{__name__!=""}'}, timeout=PATIENCE
        ).content
    ), "what must not leave is there to be found"


def test_hundreds_of_names_leave_as_one_does(authority: Authority, tmp_path: Path) -> None:
    names = tuple(f"site:a_rather_long_name_of_a_series_{number:03}:sum" for number in range(500))
    with ExitStack() as stack:
        one = start(Parts(tmp_path, stack), authority, (*(f"{name} 1" for name in names), *HELD_BACK), *names)
        through = one.get("/federate", **{"Accept-Encoding": ""})
        now = int(time.time())
        past = one.get(f"/history?time={now}").json()["data"]["result"]

        assert through.content == one.federated().content
        assert {line.partition("{")[0] for line in through.text.splitlines() if line[0] != "#"} == set(names)
        assert {row["metric"]["__name__"] for row in past} == set(names)


def test_it_compresses(gated: Gated) -> None:
    plain, packed = gated.get("/federate", **{"Accept-Encoding": ""}), gated.get("/federate")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content == plain.content
    assert packed.raw.tell() < len(plain.content) / 3


def request(target: str, method: str = "GET", *headers: str, body: str = "", protocol: str = "HTTP/1.1") -> bytes:
    lines = (f"{method} {target} {protocol}", "Host: gate", "Connection: close", *headers, "", body)
    return "\r\n".join(lines).encode("latin-1")


EVERYTHING = quote('{__name__=~".+"}')
AS_EVER = {
    "a selector": request(f"/federate?match[]={EVERYTHING}"),
    "an encoded selector": request(f"/federate?match%5B%5D={EVERYTHING}"),
    "two selectors": request(f"/federate?match[]={EVERYTHING}&match[]=gridobs_canary_secret"),
    "an empty selector": request("/federate?match[]="),
    "a question mark within": request(f"/federate??match[]={EVERYTHING}"),
    "a fragment": request(f"/federate#?match[]={EVERYTHING}"),
    "an encoded letter": request("/%66ederate?match[]=gridobs_canary_secret"),
    "an absolute address": request("http://prometheus:9090/federate?match[]=gridobs_canary_secret"),
    "a path that comes back": request("/api/../federate?match[]=gridobs_canary_secret"),
    "another host": request("/federate?match[]=gridobs_canary_secret", "GET", "X-Forwarded-Host: prometheus"),
    "a range": request("/federate", "GET", "Range: bytes=0-4"),
    "a range of what is compressed": request("/federate", "GET", "Range: bytes=0-4,6-9", "If-Range: x"),
    "a rewritten address": request("/federate", "GET", "X-Original-URL: /api/v1/query?query=gridobs_canary_secret"),
    "another rewritten address": request("/federate", "GET", "X-Rewrite-URL: /api/v1/series"),
    "another method in a header": request("/federate", "GET", "X-HTTP-Method-Override: POST"),
    "another format": request("/federate", "GET", "Accept: application/vnd.google.protobuf;encoding=delimited"),
    "a form in the body": request(
        "/federate", "GET", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 29",
        body="match[]=gridobs_canary_secret",
    ),
    "an answer kept elsewhere": request("/federate", "GET", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"),
    "an upgrade": request("/federate", "GET", "Upgrade: websocket", "Connection: upgrade, close"),
    "HTTP/1.0": request("/federate?match[]=gridobs_canary_secret", protocol="HTTP/1.0"),
    "HTTP/0.9": b"GET /federate?match[]=gridobs_canary_secret\r\n",
}  # fmt: skip
REFUSED = {
    "the query": request("/api/v1/query?query=gridobs_canary_secret"),
    "a range query": request("/api/v1/query_range?query=gridobs_canary_secret&start=0&end=1&step=1"),
    "the names of series": request(f"/api/v1/series?match[]={EVERYTHING}"),
    "remote read": request("/api/v1/read", "POST", "Content-Length: 0"),
    "the configuration": request("/api/v1/status/config"),
    "its own metrics": request("/metrics"),
    "a dump": request("/debug/pprof/heap"),
    "the root": request("/"),
    "the root without a path": request("?match[]=gridobs_canary_secret"),
    "two slashes": request("//federate?match[]=gridobs_canary_secret"),
    "a slash behind": request("/federate/"),
    "below it": request("/federate/x"),
    "a way out of it": request("/federate/../api/v1/query?query=gridobs_canary_secret"),
    "an encoded way out": request("/federate/%2e%2e/api/v1/query?query=gridobs_canary_secret"),
    "a way out encoded twice": request("/federate/%252e%252e/api/v1/query?query=gridobs_canary_secret"),
    "a way out with an encoded slash": request("/federate/..%2fapi/v1/query?query=gridobs_canary_secret"),
    "a way out with a backslash": request("/federate\\..\\api\\v1\\query?query=gridobs_canary_secret"),
    "an encoded question mark": request("/federate%3fmatch[]=gridobs_canary_secret"),
    "a zero byte": request("/federate%00"),
    "a line break": request("/federate%0d%0aX: y"),
    "capitals": request("/FEDERATE"),
    "a parameter of the path": request("/federate;match[]=gridobs_canary_secret"),
    "an absolute address of the query": request("http://prometheus:9090/api/v1/query?query=gridobs_canary_secret"),
    "a tunnel": request("prometheus:9090", "CONNECT"),
    "POST": request("/federate", "POST", "Content-Length: 29", body="match[]=gridobs_canary_secret"),
    "PUT": request("/federate", "PUT", "Content-Length: 0"),
    "DELETE": request("/api/v1/admin/tsdb/delete_series?match[]=up", "DELETE"),
    "HEAD": request("/federate", "HEAD"),
    "OPTIONS": request("*", "OPTIONS"),
    "TRACE": request("/federate", "TRACE"),
    "a small get": request("/federate", "get"),
    "a reload": request("/-/reload", "POST", "Content-Length: 0"),
    "an end": request("/-/quit", "POST", "Content-Length: 0"),
    "a large body": request("/federate", "GET", "Content-Length: 999999"),
    "two lengths": request("/federate", "GET", "Content-Length: 0", "Content-Length: 5", body="GET /"),
    "length and chunks": request(
        "/federate", "POST", "Content-Length: 4", "Transfer-Encoding: chunked", body="0\r\n\r\nGET / HTTP/1.1\r\n"
    ),
    "no host": b"GET /federate HTTP/1.1\r\nConnection: close\r\n\r\n",
    "HTTP/2 to one that does not speak it": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "noise": bytes(range(256)),
    "no time": request("/history"),
    "words for a time": request("/history?time=now"),
    "a query beside the time": request("/history?time=1&query=gridobs_canary_secret"),
    "a query before the time": request("/history?query=gridobs_canary_secret&time=1"),
    "two times": request("/history?time=1&time=2"),
    "a time with more behind": request("/history?time=1%26query=gridobs_canary_secret"),
    "a time with a line break": request("/history?time=1%0a"),
    "a fraction": request("/history?time=1.5"),
    "a time before time": request("/history?time=-1"),
    "a time without end": request("/history?time=" + "1" * 11),
    "an exponent": request("/history?time=1e9"),
    "a query for the past": request("/history?query=gridobs_canary_secret"),
    "POST to the past": request("/history?time=1", "POST", "Content-Length: 27", body="query=gridobs_canary_secret"),
}  # fmt: skip


@pytest.mark.parametrize("asked", AS_EVER.values(), ids=AS_EVER)
def test_whatever_else_is_asked_of_it_the_answer_is_the_same(gated: Gated, asked: bytes) -> None:
    answer = gated.answer(asked)

    assert CANARY not in answer
    assert gated.federated().content in dechunked(answer)


@pytest.mark.parametrize("asked", REFUSED.values(), ids=REFUSED)
def test_everything_else_is_refused(gated: Gated, asked: bytes) -> None:
    answer = gated.answer(asked)

    assert CANARY not in answer
    assert int(answer.split()[1]) in {400, 403, 405, 413}
    assert gated.federated().content not in dechunked(answer)


def test_a_request_that_is_hidden_behind_another_is_judged_by_itself(gated: Gated) -> None:
    first = b"GET /federate HTTP/1.1\r\nHost: gate\r\n\r\n"
    answer = gated.answer(first + request("/api/v1/query?query=gridobs_canary_secret"))

    assert CANARY not in answer
    assert answer.count(b"HTTP/1.1 200") == 1
    assert answer.count(b"HTTP/1.1 403") == 1


def dechunked(answer: bytes) -> bytes:
    """The body of an answer, unpacked; the whole where it has no head."""
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return answer
    if b"chunked" in head:
        whole, rest = b"", body
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            whole, rest = whole + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        body = whole
    return gzip.decompress(body) if b"gzip" in head else body


def test_the_past_is_that_of_the_same_series_up_to_the_time_asked_for(gated: Gated) -> None:
    at = int(
        requests.get(f"http://{gated.direct}/api/v1/query?query=time()", timeout=PATIENCE).json()["data"]["result"][0]
    )
    asked = {"query": f"{gated.egress.selector}[15m]", "time": str(at)}
    direct = requests.get(f"http://{gated.direct}/api/v1/query", params=asked, timeout=PATIENCE).json()
    through = gated.get(f"/history?time={at}")

    assert through.json() == direct
    assert len(direct["data"]["result"]) == len(ALLOWED)
    assert gated.get("/history?time=1000").json()["data"]["result"] == []


def test_nothing_that_a_caller_asked_for_is_in_the_access_log(gated: Gated) -> None:
    gated.get("/federate?match[]=mind_this_name")
    until(lambda: "GET /federate 200" in gated.log.read_text(), "the request is logged")

    assert "mind_this_name" not in gated.log.read_text()
    assert '"CN=gridobs-hub"' in gated.log.read_text()


@pytest.mark.parametrize("client", ["loud", "longer", "sub-0002"])
def test_a_certificate_of_another_name_is_refused(gated: Gated, client: str) -> None:
    assert gated.get("/federate", client).status_code == requests.codes.forbidden
    assert gated.get("/history?time=1", client).status_code == requests.codes.forbidden


@pytest.mark.parametrize("client", [None, "sub-0001"])
def test_without_a_certificate_for_clients_nothing_is_answered(gated: Gated, client: str | None) -> None:
    for path in ("/federate", "/history?time=1", "/healthz", "/"):
        answer = gated.answer(request(path), client)

        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"site:" not in answer


def test_a_certificate_of_another_authority_is_refused(gated: Gated, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    other.issue("gridobs-hub,gridobs-hub,client,")
    context = gated.authority.client(None)
    _, certificate, key = other.files("gridobs-hub")
    context.load_cert_chain(certificate, key)
    with socket.create_connection((LOOPBACK, gated.port), timeout=PATIENCE) as raw:
        sock = context.wrap_socket(raw, server_hostname=LOOPBACK)
        sock.sendall(request("/federate"))

        assert sock.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_the_gate_shows_the_certificate_of_its_address(gated: Gated) -> None:
    with gated.connected("gridobs-hub") as sock:
        shown = sock.getpeercert()

    assert shown
    assert shown["subject"] == ((("commonName", "sub-0001"),),)
    assert shown["subjectAltName"] == (("IP Address", LOOPBACK),)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")  # that it is old is why it is tried
def test_neither_old_tls_nor_none_is_spoken(gated: Gated) -> None:
    context = gated.authority.client("gridobs-hub")
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection((LOOPBACK, gated.port), timeout=PATIENCE) as raw, pytest.raises(ssl.SSLError):
        context.wrap_socket(raw, server_hostname=LOOPBACK)
    with socket.create_connection((LOOPBACK, gated.port), timeout=PATIENCE) as raw:
        raw.sendall(request("/federate"))

        assert raw.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_a_slow_reader_and_a_reload_stop_prometheus_but_not_one_behind_the_gate(
    authority: Authority, tmp_path: Path
) -> None:
    many = tuple(f'site:bulk:count{{slo="{"x" * 60}-{number:06}"}} 1' for number in range(SERIES_OF_A_LARGE_BODY))
    with ExitStack() as stack:
        one = start(Parts(tmp_path, stack), authority, many, "site:bulk:count")
        url = f"http://{one.direct}/federate?match[]="

        baseline = SlowReader(unhurried(int(one.direct.rpartition(":")[2])))
        baseline.begin(request(f"/federate?match[]={quote(one.egress.selector)}", protocol="HTTP/1.0"))
        one.prometheus.send(signal.SIGHUP)
        until(lambda: not answers(f"{url}up"), "without the gate, Prometheus answers nobody")
        assert baseline.finish().count(b"site:bulk:count{") == SERIES_OF_A_LARGE_BODY
        until(lambda: answers(f"{url}up"), "it answers again once the slow reader is gone")

        slow = SlowReader(one.connected("gridobs-hub", unhurried(one.port)))
        slow.begin(request("/federate", protocol="HTTP/1.0"))
        before = reloaded(one.direct)
        one.prometheus.send(signal.SIGHUP)
        until(lambda: reloaded(one.direct) > before, "behind the gate, Prometheus reloads")
        other = one.get("/federate")

        assert slow.is_alive(), "the slow reader is not done yet"
        assert other.text.count("site:bulk:count{") == SERIES_OF_A_LARGE_BODY
        assert slow.finish().count(b"site:bulk:count{") == SERIES_OF_A_LARGE_BODY


def unhurried(port: int) -> socket.socket:
    """One that lets little be on its way to it."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.settimeout(PATIENCE)
    raw.connect((LOOPBACK, port))
    return raw


class SlowReader(threading.Thread):
    """Reads some 20 kB a second until it is told to finish."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(daemon=True)
        self._sock = sock
        self._hurry = threading.Event()
        self._read = [b""]

    def begin(self, asked: bytes) -> None:
        """Ask, and see that the answer has begun."""
        self._sock.sendall(asked)
        self._read = [self._sock.recv(1)]
        self.start()

    def run(self) -> None:
        with self._sock:
            while self._read[-1]:
                self._hurry.wait(0.2)
                self._read.append(self._sock.recv(4096))

    def finish(self) -> bytes:
        """Read the rest as fast as it comes; gives all of it."""
        self._hurry.set()
        self.join(PATIENCE)
        assert not self.is_alive(), f"not within {PATIENCE:g} s: the rest of the answer"
        return b"".join(self._read)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=3).ok
    except requests.Timeout:
        return False


def reloaded(direct: str) -> float:
    """When Prometheus last took its configuration, Unix seconds."""
    lines = requests.get(f"http://{direct}/metrics", timeout=PATIENCE).text.splitlines()
    name = "prometheus_config_last_reload_success_timestamp_seconds "
    return float(next(line.removeprefix(name) for line in lines if line.startswith(name)))

"""A stand-in for a K3s site: an API server and kubelets that are none, but answer as these do, over real TLS.

Each request is held against the token and against the rules of exporters/rbac/k3s.yaml, as the real ones do.
"""

from __future__ import annotations

import copy
import gzip
import json
import re
import ssl
import subprocess
import threading
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml
from gridobs_exporters.config.section import Section
from gridobs_exporters.k3s.kind import prepare
from gridobs_exporters.scrape import Scraper

from tests.exposition import exposed

if TYPE_CHECKING:
    from gridobs_exporters.k3s.collector import K3sCollector

    from tests.unit.exporters.conftest import Hands

REPOSITORY = Path(__file__).parents[4]
FIXTURES = REPOSITORY / "tests" / "fixtures" / "k3s"
RULES = REPOSITORY / "exporters" / "rbac" / "k3s.yaml"
LISTS = {
    "/api/v1/nodes": "nodes.json",
    "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases": "leases.json",
    "/api/v1/pods": "pods.json",
    "/apis/apps/v1/deployments": "deployments.json",
    "/apis/apps/v1/statefulsets": "statefulsets.json",
    "/apis/apps/v1/daemonsets": "daemonsets.json",
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a path answers. ``wait`` seconds before it; ``raw`` goes out as it is, also byte by byte."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    compress: bool = False
    wait: float = 0.0
    raw: bytes | None = None
    drip: float = 0.0  # seconds between the bytes


@dataclass(frozen=True)
class Attributes:
    """What a request asks for, as the API server authorises it."""

    verb: str
    resource: str = ""
    group: str = ""
    namespace: str = ""
    path: str = ""


class Role:
    """The rules of the shipped ClusterRole and Role."""

    def __init__(self, text: str) -> None:
        self.rules: list[tuple[str, dict[str, list[str]]]] = [
            (document["metadata"].get("namespace", ""), rule)
            for document in yaml.safe_load_all(text)
            if document["kind"] in {"ClusterRole", "Role"}
            for rule in document["rules"]
        ]

    def allows(self, asked: Attributes) -> bool:
        return any(
            asked.verb in rule["verbs"]
            and namespace in {"", asked.namespace}
            and (
                asked.path in rule["nonResourceURLs"]
                if asked.path
                else asked.resource in rule.get("resources", ()) and asked.group in rule.get("apiGroups", ())
            )
            for namespace, rule in self.rules
            if ("nonResourceURLs" in rule) == bool(asked.path)
        )


def attributes(path: str, *, kubelet: bool) -> Attributes:
    """As the kubelet and the API server translate a GET."""
    if kubelet:
        subresource = {"metrics": "metrics", "stats": "stats"}.get(path.split("/")[1], "proxy")
        return Attributes("get", f"nodes/{subresource}")
    form = r"/apis?(?:/(?P<group>[a-z0-9.]+\.[a-z0-9.]+|apps))?/v1(?:/namespaces/(?P<ns>[^/]+))?/(?P<resource>[a-z]+)"
    if match := re.fullmatch(form, path):
        return Attributes("list", match["resource"], match["group"] or "", match["ns"] or "")
    return Attributes("get", path=path)


class StandIn:
    """An HTTPS server that is not a K3s one."""

    def __init__(self, certificate: Path, *, kubelet: bool, token: str, port: int = 0) -> None:
        self.answers: dict[str, Answer] = {}
        self.token = token
        self.requests: list[tuple[str, Attributes, bool]] = []
        self.role = Role(RULES.read_text())
        self.stopping = threading.Event()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                stand_in.serve(self, kubelet=kubelet)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has above
                """Tests print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients of tests break off
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def serve(self, handler: BaseHTTPRequestHandler, *, kubelet: bool) -> None:
        path = urlsplit(handler.path).path
        asked = attributes(path, kubelet=kubelet)
        known = handler.headers.get("Authorization") == f"Bearer {self.token}"
        allowed = known and self.role.allows(asked)
        self.requests.append((handler.path, asked, allowed))
        answer = self.answers.get(handler.path) or self.answers.get(path, Answer(status=404))
        if not allowed:
            answer = Answer(status=403 if known else 401)
        if self.stopping.wait(answer.wait) or answer.raw is not None:
            self.pour(answer.raw or b"", handler, answer.drip)
            handler.close_connection = True
            return
        squeeze = answer.compress and "gzip" in handler.headers.get("Accept-Encoding", "")
        body = gzip.compress(answer.body, mtime=0) if squeeze else answer.body
        if any(name == "Date" for name, _ in answer.headers):
            handler.send_response_only(answer.status)
        else:
            handler.send_response(answer.status)
        for name, value in answer.headers:
            handler.send_header(name, value)
        if squeeze:
            handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def pour(self, raw: bytes, handler: BaseHTTPRequestHandler, drip: float) -> None:
        for number in range(len(raw) if drip else 0):
            handler.wfile.write(raw[number : number + 1])
            if self.stopping.wait(drip):
                return
        if not drip:
            handler.wfile.write(raw)

    def stop(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Certificates:
    """``server`` and ``stranger`` hold certificate and key for 127.0.0.1, by two authorities."""

    folder: Path
    ca: Path = field(init=False)
    server: Path = field(init=False)
    stranger_ca: Path = field(init=False)
    stranger: Path = field(init=False)
    admin: Path = field(init=False)

    def __post_init__(self) -> None:
        self.ca, self.server = self._authority("ours")
        self.stranger_ca, self.stranger = self._authority("stranger")
        self.admin = self._signed("ours", "admin", "/O=system:masters/CN=system:admin")

    def _authority(self, name: str) -> tuple[Path, Path]:
        ca, key = self.folder / f"{name}-ca.pem", self.folder / f"{name}-ca.key"
        new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        self._openssl(*new, "-keyout", str(key), "-out", str(ca), "-subj", f"/CN={name}-ca")
        return ca, self._signed(name, f"{name}-server", "/CN=k3s")

    def _signed(self, authority: str, name: str, subject: str) -> Path:
        both, request, extensions = (self.folder / f"{name}.{end}" for end in ("pem", "csr", "ext"))
        key = self.folder / f"{name}.key"
        extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key)]
        self._openssl(*new, "-out", str(request), "-subj", subject)
        signer = ["-CA", str(self.folder / f"{authority}-ca.pem"), "-CAkey", str(self.folder / f"{authority}-ca.key")]
        out = ["-days", "2", "-CAcreateserial", "-extfile", str(extensions), "-out", str(both)]
        self._openssl("x509", "-req", "-in", str(request), *signer, *out)
        both.write_text(both.read_text() + key.read_text())
        return both

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Exposition:
    """One scrape as text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __getitem__(self, series: str) -> float:
        (line,) = (line for line in self.text.splitlines() if line.startswith(f"{series} "))
        return float(line.rpartition(" ")[2])

    def __contains__(self, start: str) -> bool:
        return any(line.startswith(start) for line in self.text.splitlines())

    def series(self, start: str = "gridobs_k3s_") -> list[str]:
        lines = (line.rpartition(" ")[0] for line in self.text.splitlines())
        return [line for line in lines if line.startswith(start)]


@dataclass
class Site:
    """Two nodes as the fixtures tell, and more if a test wants them."""

    folder: Path
    certificates: Certificates
    hands: Hands
    token: str = "first"  # noqa: S105 - of a server that lives as long as the test
    kubelets: dict[str, StandIn] = field(default_factory=dict)
    collectors: list[K3sCollector] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.token_file = self.folder / "token"
        self.token_file.write_text(f"{self.token}\n")
        self.api = StandIn(self.certificates.server, kubelet=False, token=self.token)
        self.api.answers["/readyz"] = answer_of("readyz-ok.txt")
        self.api.answers["/version"] = answer_of("version.json")
        for path, name in LISTS.items():
            self.api.answers[path] = replace(answer_of(name), compress=True)
        nodes = self.listed("/api/v1/nodes")
        for node, metrics in zip(nodes, ("metrics-server.prom", "metrics-agent.prom"), strict=True):
            self.serve_kubelet(node, metrics)
        self.list("/api/v1/nodes", nodes)

    def restart_api(self) -> None:
        """The API server that was stopped listens again where it did."""
        answers = self.api.answers
        self.api = StandIn(self.certificates.server, kubelet=False, token=self.token, port=self.api.port)
        self.api.answers = answers

    def serve_kubelet(self, node: dict[str, Any], metrics: str) -> None:
        """Start a kubelet and let the node tell its port."""
        kubelet = StandIn(self.certificates.server, kubelet=True, token=self.token)
        kubelet.answers["/metrics/resource"] = answer_of("metrics-resource.prom")
        kubelet.answers["/metrics"] = replace(answer_of(metrics), compress=True)
        node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"] = kubelet.port
        self.kubelets[node["metadata"]["name"]] = kubelet

    def grow(self, nodes: int) -> None:
        """Add agents until there are that many nodes."""
        listed, leases = self.listed("/api/v1/nodes"), self.listed(list(LISTS)[1])
        for number in range(len(listed) + 1, nodes + 1):
            node, lease = copy.deepcopy(listed[1]), copy.deepcopy(leases[1])
            node["metadata"]["name"] = lease["metadata"]["name"] = f"edge-{number}"
            self.serve_kubelet(node, "metrics-agent.prom")
            listed.append(node)
            leases.append(lease)
        self.list("/api/v1/nodes", listed)
        self.list(list(LISTS)[1], leases)

    def listed(self, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = json.loads(self.api.answers[path].body)["items"]
        return items

    def list(self, path: str, items: list[dict[str, Any]]) -> None:
        whole = json.loads(self.api.answers[path].body) | {"items": items}
        self.api.answers[path] = replace(self.api.answers[path], body=json.dumps(whole).encode())

    def values(self, **more: object) -> dict[str, object]:
        """The section of the configuration."""
        return {
            "api": f"https://127.0.0.1:{self.api.port}",
            "token_file": str(self.token_file),
            "ca_file": str(self.certificates.ca),
            "timeout": "500ms",
            "probe_timeout": "500ms",
            **more,
        }

    def collector(self, **more: object) -> K3sCollector:
        section = Section(self.values(**more))
        make = prepare(section)
        assert section.problems == []
        collector = make(self.hands.clock)
        assert collector.name == "k3s"
        self.collectors.append(collector)  # type: ignore[arg-type]  # make promises a Collector
        return self.collectors[-1]

    def refresh(self, collector: K3sCollector) -> None:
        """What the threads do when their time comes."""
        collector.prober.round()
        collector.inventory.refresh()
        collector.kubelets.poll_all()

    def scrape(self, collector: K3sCollector) -> Exposition:
        return Exposition(exposed(Scraper([collector], version="0", clock=self.hands.clock).scrape(timeout=30)))

    def read(self, **more: object) -> Exposition:
        """A new collector's first refresh."""
        collector = self.collector(**more)
        self.refresh(collector)
        return self.scrape(collector)

    def stop(self) -> None:
        for collector in self.collectors:
            collector.stop()
        for server in (self.api, *self.kubelets.values()):
            server.stop()


def answer_of(name: str) -> Answer:
    return Answer(body=(FIXTURES / name).read_bytes())

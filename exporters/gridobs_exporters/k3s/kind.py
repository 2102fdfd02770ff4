"""The ``k3s`` section of the configuration. Empty, it works in a pod with docs/exporters/k3s.md's ClusterRole."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gridobs_exporters.config import schema
from gridobs_exporters.config.section import Section
from gridobs_exporters.k3s.collector import K3sCollector, K3sSettings
from gridobs_exporters.k3s.credentials import Token
from gridobs_exporters.k3s.inventory import InventorySettings
from gridobs_exporters.k3s.kubelets import SHORTEST_METRICS_INTERVAL, KubeletSettings
from gridobs_exporters.k3s.pods import WASM_CLASSES
from gridobs_exporters.k3s.prober import ProbeSettings
from gridobs_exporters.kind import CollectorKind, Flag

if TYPE_CHECKING:
    from gridobs_exporters.clock import Clock
    from gridobs_exporters.kind import Make

_API = "https://kubernetes.default.svc"
_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_ADMIN = b"system:masters"  # the group for which the API server asks no roles
_CURE = "write https://HOST:PORT"
_DEFAULT_PORT = 443

KUBELET = schema.mapping(
    {
        "node": schema.text("the node label", "edge-1"),
        "url": schema.text("where its kubelet listens", "https://10.0.0.5:10250"),
    },
    required=["node", "url"],
    description="a kubelet",
)
SECTION = schema.mapping(
    {
        "api": schema.text("the API server's address", _API),
        "token_file": schema.text("the token of a ServiceAccount, read for each request", f"{_ACCOUNT}/token"),
        "ca_file": schema.text("authorities that vouch for the API server, PEM", f"{_ACCOUNT}/ca.crt"),
        "cert_file": schema.text("our certificate instead of a token, PEM", "/etc/gridobs/k3s.crt"),
        "key_file": schema.text("its key, PEM", "/etc/gridobs/k3s.key"),
        "allow_cluster_admin": schema.flag("use a certificate that may do everything; only to try things out"),
        "kubelet_ca_file": schema.text(
            "authorities that vouch for the kubelets; default: ca_file", "/etc/kubelet.pem"
        ),
        "kubelet_address": schema.choice("which address of a node its kubelet has", "InternalIP", "Hostname"),
        "kubelets": schema.items(KUBELET, description="the kubelets; default: those of the listed nodes", least=1),
        "kubelet_metrics": schema.flag("read the kubelets' dear /metrics: certificates, kine, sandboxes, evictions"),
        "kubelet_metrics_interval": schema.duration("from one such reading to the next, 60s or more", "60s"),
        "probe_interval": schema.duration("from one /readyz to the next", "10s"),
        "probe_timeout": schema.duration("after which the API server is not available", "5s"),
        "refresh_interval": schema.duration("from one reading of lists and kubelets to the next", "30s"),
        "timeout": schema.duration("for each of these answers", "10s"),
        "datastore": schema.text("kine's SQLite file, seen from here", "/var/lib/rancher/k3s/server/db/state.db"),
        "max_workloads": schema.number("workloads that get series", 50),
        "wasm_runtime_classes": schema.items(schema.text("a RuntimeClass", "wasmedge")),
    }
)


def prepare(section: Section) -> Make:
    host, port = _address(section, "api")
    token_file = section.get("token_file", None if section.get("cert_file") else f"{_ACCOUNT}/token")
    token = Token(Path(token_file) if token_file else None)
    tls = _tls(section, section.get("ca_file", f"{_ACCOUNT}/ca.crt"))
    kubelet_ca = section.get("kubelet_ca_file")
    _refuse_admin(section)
    refresh, timeout = (
        section.positive_seconds("refresh_interval", "30s"),
        section.positive_seconds("timeout", "10s"),
    )
    settings = K3sSettings(
        probe=ProbeSettings(
            host=host,
            port=port,
            tls=tls,
            headers=token,
            interval=section.positive_seconds("probe_interval", "10s"),
            timeout=section.positive_seconds("probe_timeout", "5s"),
        ),
        inventory=InventorySettings(
            interval=refresh,
            timeout=timeout,
            wasm_classes=frozenset(section.get("wasm_runtime_classes", WASM_CLASSES)),
        ),
        kubelets=KubeletSettings(
            tls=_tls(section, kubelet_ca) if kubelet_ca else tls,
            headers=token,
            interval=refresh,
            timeout=timeout,
            metrics_interval=_metrics_interval(section),
            read_metrics=section.get("kubelet_metrics", True),
            address=section.get("kubelet_address", "InternalIP"),
            static=_static(section),
        ),
        max_workloads=section.get("max_workloads", 50),
        datastore=section.path("datastore"),
    )

    def make(clock: Clock) -> K3sCollector:
        return K3sCollector(settings, clock=clock)

    return make


def _tls(section: Section, ca_file: str) -> ssl.SSLContext:
    values = {**section.values, "ca_file": ca_file}
    return Section(values, section.keys, section.places, section.problems).client_tls()


def _refuse_admin(section: Section) -> None:
    path = section.path("cert_file")
    if path is None or section.get("allow_cluster_admin"):
        return
    try:
        certificate = ssl.PEM_cert_to_DER_cert(
            path.read_text(encoding="ascii").partition("-----END")[0] + ssl.PEM_FOOTER
        )
    except (OSError, ValueError):
        return  # client_tls tells what is wrong with the file
    if _ADMIN in certificate:
        section.problem(
            "cert_file",
            f"{path} may do everything in the cluster; use a ServiceAccount with the role of docs/exporters/k3s.md",
        )


def _metrics_interval(section: Section) -> float:
    seconds = section.seconds("kubelet_metrics_interval", "60s")
    if seconds < SHORTEST_METRICS_INTERVAL:
        section.problem("kubelet_metrics_interval", "a server takes seconds to write this; write 60s or more")
    return seconds


def _static(section: Section) -> dict[str, str] | None:
    """URLs by node; None to take them from the nodes."""
    if section.get("kubelets") is None:
        return None
    urls: dict[str, str] = {}
    for kubelet in section.sections("kubelets"):
        node = kubelet.get("node")
        if node in urls:
            kubelet.problem("node", f"the node {node!r} stands above already; keep one")
        _address(kubelet, "url")
        urls[node] = kubelet.get("url").rstrip("/")
    return urls


def _address(section: Section, key: str) -> tuple[str, int]:
    given = section.get(key, _API)
    try:
        url = urlsplit(given)
        port = url.port
    except ValueError as error:
        section.problem(key, f"{given!r}: {error}; {_CURE}")
        return "", 0
    if url.scheme != "https" or not url.hostname or re.search(r"[^/]", url.path) or url.query or url.fragment:
        section.problem(key, f"{given!r} is not the address of a server with TLS; {_CURE}")
    elif url.username or url.password:
        section.problem(key, f"passwords are not for here; use token_file and {_CURE}")
    return url.hostname or "", _DEFAULT_PORT if port is None else port


def _flag(name: str, key: str, metavar: str, text: str) -> Flag:
    return Flag(name=f"--k3s.{name}", keys=(key,), metavar=metavar, help=text)


K3S = CollectorKind(
    name="k3s",
    about="a K3s site: API server, nodes, kubelets, workloads, datastore. --collector.k3s alone works in a pod",
    schema=SECTION,
    flags=(
        _flag("api", "api", "URL", f"the API server; default: {_API}"),
        _flag("token-file", "token_file", "PATH", "the token of a ServiceAccount; default: the pod's"),
        _flag("ca-file", "ca_file", "PATH", "authorities that vouch for the API server; default: the pod's"),
        _flag("kubelet-ca-file", "kubelet_ca_file", "PATH", "authorities that vouch for kubelets; default: as above"),
        _flag("datastore", "datastore", "PATH", "kine's SQLite file, for its size"),
    ),
    prepare=prepare,
)

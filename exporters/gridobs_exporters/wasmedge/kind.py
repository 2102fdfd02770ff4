"""The ``wasmedge`` section of the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gridobs_exporters.config import schema
from gridobs_exporters.kind import CollectorKind, Flag

if TYPE_CHECKING:
    from gridobs_exporters.clock import Clock
    from gridobs_exporters.config.section import Section
    from gridobs_exporters.kind import Make
    from gridobs_exporters.scrape import Collector

_SOCKETS = (
    "/run/k3s/containerd/containerd.sock",
    "/run/containerd/containerd.sock",
)  # of K3s, of a containerd beside it

_SECTION = {
    "socket": schema.text(
        "containerd's socket; default: K3s's own or else the system's", "/run/k3s/containerd/containerd.sock"
    ),
    "cri_socket": schema.text(
        "a socket that speaks only CRI: polled, no events", "/run/k3s/containerd/containerd.sock"
    ),
    "poll_interval": schema.duration("from one poll of cri_socket to the next", "10s"),
    "namespace": schema.text(
        "containerd's namespace of the pods; default: k8s.io", "k8s.io", pattern=r"^[A-Za-z0-9_.-]+$"
    ),
    "handlers": schema.items(
        schema.text("the name of a runtime handler", "wasmedge"),
        description="runtime handlers that run nothing but wasm; default: wasmedge",
    ),
    "log_root": schema.text("the folder of all pods' logs; without it none is read", "/var/log/pods"),
    "cgroup_root": schema.text("where the host's cgroups are mounted; default: /sys/fs/cgroup", "/sys/fs/cgroup"),
    "proc_root": schema.text("the host's /proc; default: /proc", "/host/proc"),
    "max_pods": schema.number("wasm containers with series of their own; default: 100", 100, least=1),
}


def prepare(section: Section) -> Make:
    cri, socket = section.path("cri_socket"), section.path("socket")
    if cri and socket:
        section.problem("cri_socket", "polling is for where the events cannot be read; give socket or cri_socket")
    interval = section.positive_seconds("poll_interval", "10s")

    def make(clock: Clock) -> Collector:
        from gridobs_exporters.wasmedge.cgroups import Cgroups  # noqa: PLC0415 - gRPC is for those who have the collector
        from gridobs_exporters.wasmedge.collector import WasmedgeSettings, new_collector  # noqa: PLC0415 - as above

        settings = WasmedgeSettings(
            sockets=[path] if (path := cri or socket) else [Path(path) for path in _SOCKETS],
            poll_interval=interval if cri else None,
            namespace=section.get("namespace", "k8s.io"),
            handlers=frozenset(section.get("handlers", ["wasmedge"])),
            log_root=section.path("log_root"),
            most_pods=section.get("max_pods", 100),
        )
        cgroups = Cgroups(
            Path(section.get("cgroup_root", "/sys/fs/cgroup")), proc=Path(section.get("proc_root", "/proc"))
        )
        return new_collector(settings, cgroups=cgroups, clock=clock)

    return make


def _flag(name: str, key: str, metavar: str, text: str) -> Flag:
    return Flag(name=f"--wasmedge.{name}", keys=(key,), metavar=metavar, help=text)


WASMEDGE = CollectorKind(
    name="wasmedge",
    about="wasm containers: how they start, what they use, what WasmEdge logs",
    schema=schema.mapping(_SECTION),
    flags=(
        _flag("socket", "socket", "PATH", "containerd's; default: K3s's own or else the system's"),
        _flag("cri-socket", "cri_socket", "PATH", "a socket that speaks only CRI: polled, no events"),
        _flag("log-root", "log_root", "PATH", "the folder of all pods' logs, usually /var/log/pods"),
        _flag("cgroup-root", "cgroup_root", "PATH", "the host's; default: /sys/fs/cgroup"),
    ),
    prepare=prepare,
    extra="wasm",
    needs=("grpclib", "google.protobuf"),
)

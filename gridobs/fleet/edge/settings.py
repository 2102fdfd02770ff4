"""Where things are: all that one installation has elsewhere than another, with what GridObs ships as defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SERVICES = {
    "gatekeeper": "gatekeeper-metrics.gatekeeper-system.svc.cluster.local:8888",
    "gridobs-exporter": "gridobs-exporter.gridobs.svc.cluster.local:9817",
    "opa": "opa.opa.svc.cluster.local:8181",
    "power-data-processor": "power-data-processor.power.svc.cluster.local:9464",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files: who signs in this fleet, and one's own certificate and key."""

    ca: str = "/etc/gridobs/tls/ca.crt"
    certificate: str = "/etc/gridobs/tls/tls.crt"
    key: str = "/etc/gridobs/tls/tls.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class NginxSettings:
    """How an nginx of ours runs.

    Attributes:
        folder: absolute; holds the pid file and what is buffered. The user it runs as must be able to write there.
        listen: the address of the machine that it listens on, IPv6 in brackets; empty for all.
        access_log: a file, or ``syslog:server=unix:/dev/log``. No line of it holds what was asked for.
    """

    folder: str = "/run/gridobs-gate"
    listen: str = ""
    access_log: str = "/dev/stdout"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """What an egress gate lets through, and how much.

    Attributes:
        client: the common name of the hub's certificate, which must be all of its subject.
        rate: answers a second, for each of the two paths, that a gate gives in the long run.
        body_limit: MiB of one answer that are kept for a slow reader; an answer beyond that waits for its reader.
    """

    client: str = "gridobs-hub"
    rate: int = 2
    body_limit: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """What the files of every site have in common. Addresses are ``host:port``.

    Attributes:
        prometheus: where the site's Prometheus listens, which its gate alone should be able to reach.
        alertmanager: the site's own.
        services: of each job the rules know, a DNS name that has an address for each instance, as a headless service
            of Kubernetes has, and the port.
        targets: of each job, fixed addresses; they replace all services.
        brokers: that the exporter's page ``/probe`` shall try, such as ``mqtts://broker.example:8883``.
        probe_module: of that page.
        scrape_interval: whole seconds, also between two evaluations.
        push_interval: whole seconds that a sample waits at most for others to be pushed with.
    """

    tls: TlsFiles = field(default_factory=TlsFiles)
    nginx: NginxSettings = field(default_factory=NginxSettings)
    gate: GateSettings = field(default_factory=GateSettings)
    prometheus: str = "127.0.0.1:9090"
    alertmanager: str = "127.0.0.1:9093"
    services: Mapping[str, str] = field(default_factory=lambda: dict(_SERVICES))
    targets: Mapping[str, tuple[str, ...]] | None = None
    brokers: tuple[str, ...] = ()
    probe_module: str = "default"
    scrape_interval: int = 30
    push_interval: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverSettings:
    """The front of what sites push to; ``upstream`` is the ``host:port`` of Prometheus or VictoriaMetrics behind."""

    tls: TlsFiles = field(default_factory=TlsFiles)
    nginx: NginxSettings = field(default_factory=lambda: NginxSettings(folder="/run/gridobs-receiver"))
    upstream: str = "127.0.0.1:9090"


@dataclass(frozen=True, slots=True, kw_only=True)
class VictoriaSettings:
    """A VictoriaMetrics cluster at the hub.

    Attributes:
        storage: the hosts of vmstorage, each with a disk of its own.
        replication: on how many of them each sample is.
        retention: of samples, as ``-retentionPeriod`` takes it; a bare number is months.
        insert: ``host:port`` of vminsert.
        select: ``host:port`` of vmselect.
        receiver: the front of what sites push to; its upstream is vminsert.
    """

    storage: tuple[str, ...] = ("vmstorage-0.example", "vmstorage-1.example", "vmstorage-2.example")
    replication: int = 2
    retention: str = "13"
    insert: str = "vminsert.example:8480"
    select: str = "vmselect.example:8481"
    receiver: ReceiverSettings = field(default_factory=lambda: ReceiverSettings(upstream="vminsert.example:8480"))

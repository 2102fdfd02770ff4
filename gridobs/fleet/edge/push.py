"""The push variant: for sites that may not be dialled. What may leave is held back by the site, as at a gate.

A push carries what a pull would have stored at the hub: the names of the egress, with its labels and no others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from gridobs.errors import UsageError
from gridobs.rules import durations
from gridobs.slo.promql import PrometheusVersion

if TYPE_CHECKING:
    from gridobs.fleet.edge.settings import EdgeSettings, TlsFiles
    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.model import Hub

WRITE = "/api/v1/write"
VMAGENT_FOLDER = "/etc/gridobs/vmagent"
_VMAGENT_QUEUE = "/var/lib/gridobs/vmagent"
_VMAGENT_DISK = "1000MB"  # of 500 MB files; 200 series every 30 s are some 7 MB a day
_VMAGENT_BYTES_A_SECOND = 16_384  # a day's 7 MB in seven minutes, and a quarter of 512 kbit/s


def keep(egress: Egress) -> list[dict[str, Any]]:
    """Relabelling that lets through the names and labels of ``egress``. Prometheus and vmagent anchor both."""
    return [
        {"source_labels": ["__name__"], "regex": _any_of(egress.names), "action": "keep"},
        {"regex": _any_of(("__name__", *egress.labels)), "action": "labelkeep"},
    ]


def remote_write(hub: Hub, egress: Egress, settings: EdgeSettings, version: PrometheusVersion) -> dict[str, Any]:
    """An entry of ``remote_write``: two connections at most, and waits that grow to five minutes, as hubs come back.

    Metadata is not sent: relabelling does not reach it, and it tells of every series of the site.
    Raises UsageError if the hub has no receiver.
    """
    queue: dict[str, Any] = {
        "capacity": 10_000,
        "min_shards": 1,
        "max_shards": 2,
        "max_samples_per_send": 2_000,
        "batch_send_deadline": durations.text(settings.push_interval),
        "min_backoff": "1s",
        "max_backoff": "5m",
        "retry_on_http_429": True,
    }
    if version is PrometheusVersion.V3:
        queue["sample_age_limit"] = durations.text(hub.outage_budget)
    return {
        "url": _url(hub),
        "name": "hub",
        "remote_timeout": "30s",
        "send_exemplars": False,
        "write_relabel_configs": keep(egress),
        "tls_config": _tls(settings.tls),
        "queue_config": queue,
        "metadata_config": {"send": False},
    }


def vmagent_scrape(egress: Egress, settings: EdgeSettings, *, source: str) -> str:
    """What vmagent reads: the one selector, from the site's Prometheus beside it, which adds site and region."""
    job = {
        "job_name": "federate",
        "metrics_path": "/federate",
        "params": {"match[]": [egress.selector]},
        "honor_labels": True,
        "honor_timestamps": True,
        "static_configs": [{"targets": [settings.prometheus]}],
        "metric_relabel_configs": keep(egress),
    }
    interval = {"scrape_interval": durations.text(settings.scrape_interval)}
    return _document({"global": interval, "scrape_configs": [job]}, source)


def vmagent_relabel(egress: Egress, *, source: str) -> str:
    """What vmagent sends on. This is the gate: series that vmagent makes itself pass the scrape's relabelling."""
    return _document(keep(egress), source)


def vmagent_environment(hub: Hub, settings: EdgeSettings, *, source: str) -> str:
    """The flags of vmagent as it reads them with ``-envflag.enable``; a release ignores those it does not know.

    Raises UsageError if the hub has no receiver.
    """
    flags = {
        "httpListenAddr": "127.0.0.1:8429",
        "promscrape.config": f"{VMAGENT_FOLDER}/scrape.yml",
        "promscrape.config.strictParse": "true",
        "remoteWrite.url": _url(hub),
        "remoteWrite.relabelConfig": f"{VMAGENT_FOLDER}/relabel.yml",
        "remoteWrite.tmpDataPath": _VMAGENT_QUEUE,
        "remoteWrite.maxDiskUsagePerURL": _VMAGENT_DISK,
        "remoteWrite.queues": "1",
        "remoteWrite.rateLimit": str(_VMAGENT_BYTES_A_SECOND),
        "remoteWrite.flushInterval": durations.text(settings.push_interval),
        "remoteWrite.retryMaxInterval": "5m",
        "remoteWrite.tlsCAFile": settings.tls.ca,
        "remoteWrite.tlsCertFile": settings.tls.certificate,
        "remoteWrite.tlsKeyFile": settings.tls.key,
    }
    lines = (f"{name.replace('.', '_')}={value}" for name, value in flags.items())
    return "".join(f"{line}\n" for line in (_banner(source), *lines))


def _any_of(texts: tuple[str, ...]) -> str:
    return "|".join(map(re.escape, texts))


def _url(hub: Hub) -> str:
    if not hub.receiver:
        raise UsageError("a site pushes, and the hub has no receiver; give the hub one, or pull from the site")
    return f"https://{hub.receiver}{WRITE}"


def _tls(files: TlsFiles) -> dict[str, str]:
    return {"ca_file": files.ca, "cert_file": files.certificate, "key_file": files.key, "min_version": "TLS12"}


def _document(content: object, source: str) -> str:
    return f"{_banner(source)}\n{yaml.safe_dump(content, sort_keys=False, width=118)}"


def _banner(source: str) -> str:
    return f"# Generated by gridobs from {source}. DO NOT EDIT."

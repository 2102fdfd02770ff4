"""The growth path: a VictoriaMetrics cluster for the same sites, when one Prometheus a shard is not enough any more.

Every region is a tenant. Sites that push are put into theirs by the receiver, which knows them by certificate; shards
go on pulling, judging and alerting, and pass on what they hold. Flags stand in files of environment variables, which
the programs read with ``-envflag.enable``, so that systemd, Compose and Kubernetes can use the same.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml

from gridobs import conventions as names
from gridobs.artifacts import Artifact
from gridobs.errors import UsageError
from gridobs.fleet.edge import push
from gridobs.fleet.edge.receiver import receiver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridobs.fleet.edge.settings import VictoriaSettings
    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.model import Fleet, Region

FOLDER = PurePosixPath("victoria")
_INSERT_PORT, _SELECT_PORT = 8400, 8401  # of vmstorage
_LABEL_ACCOUNT = "vm_account_id"  # what vminsert's multitenant address looks for


def accounts(regions: tuple[Region, ...]) -> dict[str, int]:
    """The tenant of each region, below 2**32: from its name alone, so that no other region ever changes it.

    Raises UsageError if two regions would share one.
    """
    numbered: dict[str, int] = {}
    for region in sorted(region.name for region in regions):
        number = int.from_bytes(hashlib.sha256(region.encode()).digest()[:4])
        taken = next((other for other, its in numbered.items() if its == number), None)
        if taken:
            raise UsageError(f"the regions {taken} and {region} would share a tenant; rename one of them")
        numbered[region] = number
    return numbered


def render(fleet: Fleet, egress: Egress, settings: VictoriaSettings) -> tuple[Artifact, ...]:
    """Everything below ``victoria/``. Raises UsageError if a region's name cannot stand in a file."""
    tenants = accounts(fleet.regions)
    files = {
        "tenants.csv": _csv(tenants),
        "vmstorage.env": _environment(_vmstorage(settings), fleet.source),
        "vminsert.env": _environment(_vminsert(egress, settings), fleet.source),
        "vmselect.env": _environment(_vmselect(settings), fleet.source),
        "relabel.yml": _document(push.keep(egress)[:1], fleet.source),
        "vmauth.yml": _document(_vmauth(tenants, settings), fleet.source),
        "remote_write.yml": _document({"remote_write": [_remote_write(tenants, settings)]}, fleet.source),
    }
    if fleet.hub.receiver:
        files["receiver.conf"] = receiver(fleet, settings.receiver, accounts=tenants)
    return tuple(Artifact(FOLDER / name, text) for name, text in files.items())


def _csv(tenants: Mapping[str, int]) -> str:
    return "".join(f"{line}\n" for line in ("region,account_id", *(f"{name},{its}" for name, its in tenants.items())))


def _vmstorage(settings: VictoriaSettings) -> dict[str, str]:
    return {
        "retentionPeriod": settings.retention,
        "storageDataPath": "/var/lib/victoria-metrics",
        "storage.minFreeDiskSpaceBytes": "10GB",
        "dedup.minScrapeInterval": "1ms",
    }


def _vminsert(egress: Egress, settings: VictoriaSettings) -> dict[str, str]:
    return {
        "storageNode": _nodes(settings, _INSERT_PORT),
        "replicationFactor": str(settings.replication),
        "relabelConfig": "/etc/gridobs/victoria/relabel.yml",
        "maxLabelsPerTimeseries": str(len(egress.labels) + 2),  # and the name, and the tenant on its way in
    }


def _vmselect(settings: VictoriaSettings) -> dict[str, str]:
    """An answer without a node that no replica stands for is an error: half a fleet must not look like all of it."""
    return {
        "storageNode": _nodes(settings, _SELECT_PORT),
        "replicationFactor": str(settings.replication),
        "dedup.minScrapeInterval": "1ms",
        "search.denyPartialResponse": "true",
    }


def _vmauth(tenants: Mapping[str, int], settings: VictoriaSettings) -> dict[str, Any]:
    """Who reads what: a token for each region, and one for all; each stands in the environment of vmauth."""

    def user(variable: str, tenant: str) -> dict[str, str]:
        prefix = f"http://{settings.select}/select/{tenant}/prometheus"
        return {"bearer_token": f"%{{{variable}}}", "url_prefix": prefix}

    readers = [user(f"GRIDOBS_READ_{_variable(region)}", str(number)) for region, number in tenants.items()]
    return {"users": [user("GRIDOBS_READ_FLEET", "multitenant"), *readers]}


def _remote_write(tenants: Mapping[str, int], settings: VictoriaSettings) -> dict[str, Any]:
    """For the configuration of a shard: what has a region goes to its tenant, what has none stays at the hub."""
    to_tenants = [
        {
            "source_labels": [names.LABEL_REGION],
            "regex": re.escape(region),
            "replacement": str(number),
            "target_label": _LABEL_ACCOUNT,
        }
        for region, number in tenants.items()
    ]
    return {
        "url": f"http://{settings.insert}/insert/multitenant/prometheus/api/v1/write",
        "name": "victoria",
        "write_relabel_configs": [
            *to_tenants,
            {"source_labels": [_LABEL_ACCOUNT], "regex": "[0-9]+", "action": "keep"},
        ],
        "metadata_config": {"send": False},
    }


def _nodes(settings: VictoriaSettings, port: int) -> str:
    return ",".join(f"{node}:{port}" for node in settings.storage)


def _variable(region: str) -> str:
    return re.sub("[^A-Z0-9]", "_", region.upper())


def _environment(flags: Mapping[str, str], source: str) -> str:
    lines = (f"{name.replace('.', '_')}={value}" for name, value in flags.items())
    return "".join(f"{line}\n" for line in (_banner(source), *lines))


def _document(content: object, source: str) -> str:
    return f"{_banner(source)}\n{yaml.safe_dump(content, sort_keys=False, width=118)}"


def _banner(source: str) -> str:
    return f"# Generated by gridobs from {source}. DO NOT EDIT."

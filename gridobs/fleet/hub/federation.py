"""The jobs of a hub's Prometheus: the sites, the shards, the back-fill, itself.

A hub trusts no site to say who it is. What a site sends is stored as the target's ``site`` and ``region``; what it
calls itself, its external labels, arrives as ``exported_site`` and must agree, or the sample is dropped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.hub import limits, targets
from gridobs.rules.durations import text
from gridobs.slo.promql import PrometheusVersion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.hub.settings import Settings
    from gridobs.fleet.model import Hub

_EXPORTED_SITE = f"exported_{names.LABEL_SITE}"
_KIB = 1_024  # Prometheus' KB

Job = dict[str, object]


def edge_job(
    egress: Egress,
    *,
    hub: Hub,
    limits_of_a_site: limits.Limits,
    count: int,
    settings: Settings,
    version: PrometheusVersion,
) -> Job:
    """The job that pulls ``count`` sites. It asks for nothing in particular: what leaves a site its gate decides."""
    tls: Job = {"tls_config": _tls(settings)} if settings.tls else {}
    newer: Job = (
        {"track_timestamps_staleness": True, "fallback_scrape_protocol": "PrometheusText0.0.4"}
        if version is PrometheusVersion.V3
        else {}
    )
    return {
        "job_name": names.JOB_EDGE,
        "scheme": "https" if settings.tls else "http",
        "metrics_path": "/federate",
        "scrape_interval": text(hub.scrape_interval),
        "scrape_timeout": text(min(hub.scrape_timeout, hub.scrape_interval)),
        "honor_labels": False,
        "honor_timestamps": True,
        **newer,
        "sample_limit": limits_of_a_site.samples,
        "label_limit": limits_of_a_site.labels,
        "label_name_length_limit": limits_of_a_site.label_name_length,
        "label_value_length_limit": limits_of_a_site.label_value_length,
        "body_size_limit": f"{limits_of_a_site.body // _KIB}KB",
        "target_limit": limits.targets(count),
        **tls,
        "file_sd_configs": [{"files": [f"{targets.FOLDER}/*.json"], "refresh_interval": "5m"}],
        "relabel_configs": [{"source_labels": [names.LABEL_SITE], "target_label": "instance"}],
        "metric_relabel_configs": _gate(egress),
    }


def shard_job(matched: Sequence[str], *, hub: Hub, settings: Settings) -> Job:
    """The job of the global tier: the sums of the shards, each behind a name of its own and the shard's number.

    They are stamped when they are pulled. With the time of the shard, Prometheus would show one that is gone, such as
    the count of dark sites once none is, for five minutes more.
    """
    addresses = [
        {
            "targets": [settings.shard_address.format(shard=shard)],
            "labels": {names.LABEL_SHARD: str(shard)},
        }
        for shard in range(hub.shards)
    ]
    return {
        "job_name": names.JOB_SHARDS,
        "metrics_path": "/federate",
        "params": {"match[]": [f'{{__name__=~"{"|".join(matched)}"}}']},
        "scrape_interval": text(hub.evaluation_interval),
        "scrape_timeout": text(min(hub.scrape_timeout, hub.evaluation_interval)),
        "honor_labels": False,
        "honor_timestamps": False,
        "static_configs": addresses,
        "metric_relabel_configs": [
            {"source_labels": ["__name__"], "regex": "(.+)", "replacement": f"{names.SHARD_PREFIX}$1",
             "target_label": "__name__"},
            {"regex": f"exported_.+|job|instance|{names.LABEL_TIER}|{names.LABEL_REPLICA}", "action": "labeldrop"},
        ],
    }  # fmt: skip


def own_job(settings: Settings) -> Job:
    """A hub's Prometheus watches itself: what it refuses from sites is told by its own counters alone."""
    return {"job_name": names.JOB_HUB, "static_configs": [{"targets": [settings.own_address]}]}


def backfill_job(*, shard: int, settings: Settings) -> Job:
    """A shard watches its back-fill, under the name of the shard: the address is the same beside each of them."""
    address = settings.backfill_address.replace("{shard}", str(shard))
    labels = {"instance": f"shard-{shard}"}
    return {"job_name": names.JOB_BACKFILL, "static_configs": [{"targets": [address], "labels": labels}]}


def _gate(egress: Egress) -> list[Job]:
    """What of a site's samples is stored, and as whose.

    The claim is a label of ours, so a site that sends it itself is not heard. ``site_info`` is kept under the name of
    the target whatever it claims, or nobody would see who claims what.
    """
    kept = ("__name__", *egress.labels, names.LABEL_CLAIMED_SITE)
    info_and = [f"{names.SITE_INFO};(.+)", "$1"]

    def of_info(source: str, target: str) -> Job:
        regex, replacement = info_and
        return {
            "source_labels": ["__name__", source],
            "regex": regex,
            "replacement": replacement,
            "target_label": target,
        }

    return [
        {"source_labels": ["__name__"], "regex": "|".join(map(re.escape, egress.names)), "action": "keep"},
        {"regex": names.LABEL_CLAIMED_SITE, "action": "labeldrop"},
        of_info(_EXPORTED_SITE, names.LABEL_CLAIMED_SITE),
        of_info(names.LABEL_SITE, _EXPORTED_SITE),
        {"source_labels": [_EXPORTED_SITE], "target_label": names.LABEL_SITE, "action": "keepequal"},
        {"regex": "|".join(sorted(set(kept))), "action": "labelkeep"},
    ]


def _tls(settings: Settings) -> Job:
    folder = settings.tls_folder
    return {
        "ca_file": f"{folder}/ca.crt",
        "cert_file": f"{folder}/tls.crt",
        "key_file": f"{folder}/tls.key",
        "min_version": "TLS12",
    }

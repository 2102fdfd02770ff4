"""All files of the sites of a fleet, and of those who share their trust."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from gridobs.artifacts import Artifact
from gridobs.fleet.edge import pki, prometheus, push, receiver, victoria
from gridobs.fleet.edge.gate import gate
from gridobs.fleet.edge.settings import EdgeSettings, ReceiverSettings, VictoriaSettings
from gridobs.fleet.model import State, Transport
from gridobs.rules.render import render as render_rules
from gridobs.rules.site import site_info

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.model import Fleet, Site
    from gridobs.slo.promql import PrometheusVersion

SITES = PurePosixPath("sites")


def render(
    fleet: Fleet,
    egress: Egress,
    version: PrometheusVersion,
    *,
    settings: EdgeSettings | None = None,
    receiving: ReceiverSettings | None = None,
    growing: VictoriaSettings | None = None,
) -> tuple[Artifact, ...]:
    """Everything below ``sites/``, ``pki/``, ``receiver/`` and ``victoria/``, sorted by path.

    Each site that is not retired has its files, also while it is planned: it must be built before it is watched.
    Raises UsageError if a site pushes and the hub has no receiver, or a name cannot stand in a file.
    """
    settings = settings or EdgeSettings()
    shared = {
        transport: prometheus.shared(transport, fleet.hub, egress, settings, version)
        for transport in {site.transport for site in fleet.sites}
    }
    sites = [site for site in fleet.sites if site.state is not State.RETIRED]
    files = [
        Artifact(SITES / site.id / name, text)
        for site in sites
        for name, text in _site(site, fleet, egress, settings, shared[site.transport])
    ]
    files.append(Artifact(PurePosixPath("pki/names.csv"), pki.names(fleet)))
    files.append(Artifact(PurePosixPath("pki/issue.sh"), pki.issue_script()))
    if receiver.pushing(fleet):
        text = receiver.receiver(fleet, receiving or ReceiverSettings())
        files.append(Artifact(PurePosixPath("receiver/nginx.conf"), text))
    files += victoria.render(fleet, egress, growing or VictoriaSettings())
    return tuple(sorted(files))


def _site(site: Site, fleet: Fleet, egress: Egress, settings: EdgeSettings, shared: str) -> Iterator[tuple[str, str]]:
    source = fleet.source
    yield "prometheus.yml", prometheus.prometheus(site, shared, settings, source=source)
    yield "rules/site-info.yaml", render_rules(site_info(site.id, site.region), source)
    if site.transport is Transport.PULL:
        yield "gate.conf", gate(site, egress, settings, source=source)
    if site.transport is Transport.VMAGENT:
        yield "vmagent/scrape.yml", push.vmagent_scrape(egress, settings, source=source)
        yield "vmagent/relabel.yml", push.vmagent_relabel(egress, source=source)
        yield "vmagent/vmagent.env", push.vmagent_environment(fleet.hub, settings, source=source)

"""Sites of a simulation that are none: a real Prometheus with the rules that ship, behind the rendered gate.

They scrape themselves alone, so most of their objectives have no events; what they record of themselves, and what an
objective is, goes the whole way from a rule to the hub.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gridobs import artifacts
from gridobs.fleet import edge
from gridobs.rules.durations import text
from gridobs.rules.handwritten import load_rules
from gridobs.slo.catalogue import compile_catalogue
from gridobs.slo.model import CompileOptions
from gridobs.slo.promql import PrometheusVersion
from gridobs.testbed.processes import LOOPBACK

if TYPE_CHECKING:
    from pathlib import Path

    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.model import Fleet, Site

_NOBODY = f"{LOOPBACK}:9"  # a site's own Alertmanager, whose messages are no part of a simulation


@dataclass(frozen=True, slots=True, kw_only=True)
class RealSite:
    """One site, written to ``folder``. ``prometheus`` is the ``host:port`` at which its Prometheus listens."""

    site: Site
    folder: Path
    prometheus: str

    def prometheus_command(self, program: str) -> list[str]:
        return [
            program,
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address={self.prometheus}",
        ]

    def gate_command(self, program: str) -> list[str]:
        """As root, its workers stay root: the folder of a simulation is nobody else's to enter."""
        command = [program, "-e", "stderr", "-p", str(self.folder), "-c", str(self.folder / "gate.conf")]
        return [*command, *(["-g", "user root;"] if os.geteuid() == 0 else [])]


def write(
    fleet: Fleet, sites: tuple[Site, ...], egress: Egress, *, sources: Path, folder: Path, tls: Path, ports: int
) -> tuple[RealSite, ...]:
    """Write everything that these sites run with.

    Args:
        fleet: they are of.
        sites: that are to be real.
        egress: what their gates let out.
        sources: the folder with ``slos`` and ``rules``.
        folder: that becomes theirs.
        tls: holds ``ca.crt``, and ``<id>.crt`` and ``<id>.key`` of each.
        ports: the first of as many on loopback as there are sites, for their Prometheuses.
    """
    interval = fleet.hub.scrape_interval
    options = CompileOptions(interval=text(interval), period_interval=text(interval), rollup_interval=text(interval))
    rules = {compiled.name: compiled.text for compiled in compile_catalogue(sources, options)}
    rules |= {one.name: one.text for one in load_rules(sources)}
    written = []
    for number, site in enumerate(sites):
        prometheus = f"{LOOPBACK}:{ports + number}"
        own = folder / "sites" / site.id
        settings = edge.EdgeSettings(
            tls=edge.TlsFiles(
                ca=str(tls / "ca.crt"),
                certificate=str(tls / f"{site.id}.crt"),
                key=str(tls / f"{site.id}.key"),
            ),
            nginx=edge.NginxSettings(folder=str(own)),
            prometheus=prometheus,
            alertmanager=_NOBODY,
            targets={},
            scrape_interval=interval,
        )
        alone = replace(fleet, sites=(site,))
        artifacts.write(edge.render(alone, egress, PrometheusVersion.V2_42, settings=settings), folder / site.id)
        (folder / "sites").mkdir(exist_ok=True)
        (folder / site.id / "sites" / site.id).rename(own)
        gate = own / "gate.conf"
        port = site.address.rpartition(":")[2]
        listening = gate.read_text(encoding="utf-8").replace(f"listen {port} ssl;", f"listen {site.address} ssl;")
        gate.write_text(
            listening, encoding="utf-8"
        )  # many sites share a machine here, each with an address of its own
        for name, content in rules.items():
            (own / "rules" / f"{name}.yaml").write_text(content, encoding="utf-8")
        written.append(RealSite(site=site, folder=own, prometheus=prometheus))
    return tuple(written)

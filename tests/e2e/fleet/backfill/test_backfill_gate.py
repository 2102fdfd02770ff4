"""Through the gate that is rendered for a site: nginx, certificates both ways, and the path it opens."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import pytest

from gridobs.fleet.backfill.assembly import Options, assemble, client_tls
from gridobs.fleet.backfill.faults import Reason
from gridobs.fleet.edge.gate import gate
from gridobs.fleet.edge.settings import EdgeSettings, NginxSettings, TlsFiles
from gridobs.fleet.model import Site
from gridobs.testbed.processes import LOOPBACK
from tests.e2e.fleet.backfill.parts import OLD_SAMPLES, SHARE, fleet_of, grid, history, mark_up
from tests.e2e.fleet.edge_parts import Authority, Parts
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gridobs.fleet.backfill.visit import Outcome
    from gridobs.fleet.egress.model import Egress
    from tests.e2e.fleet.backfill.parts import Running, Start

pytestmark = pytest.mark.e2e

SITE, HUB, OTHER = "sub-0001", "gridobs-hub", "sub-0002"
HOUR = 3600


class Cut:
    """A site behind its gate, of which the hub lacks an hour."""

    def __init__(self, start: Start, parts: Parts, egress: Egress) -> None:
        self.now = time.time()
        self.hub: Running = start(OLD_SAMPLES)
        self.edge: Running = start(OLD_SAMPLES)
        self.edge.write(*history(SITE, grid(self.now - 60, self.now - 45)))
        self.edge.write(*history(SITE, grid(self.now - 3 * HOUR, self.now - 60)))
        self.hub.write(*history(SITE, grid(self.now - 600, self.now - 45), at_hub=True))
        self.hub.write(*history(SITE, grid(self.now - 3 * HOUR, self.now - 600 - HOUR), at_hub=True))
        mark_up(self.hub, SITE)
        self.egress = egress
        self.authority = Authority(parts.folder / "pki")
        self.authority.issue(
            f"{HUB},{HUB},client,", f"{OTHER},{OTHER},client,", f"{SITE},{SITE},server,IP:{LOOPBACK}"
        )
        ca, certificate, key = self.authority.files(SITE)
        port = free_port()
        settings = EdgeSettings(
            tls=TlsFiles(ca=str(ca), certificate=str(certificate), key=str(key)),
            nginx=NginxSettings(folder=str(parts.folder / "gate"), access_log=str(parts.folder / "access.log")),
            prometheus=self.edge.address,
        )
        site = Site(id=SITE, region="north", address=f"{LOOPBACK}:{port}")
        parts.nginx(gate(site, egress, settings, source="fleet.yaml"), port=port)
        self.fleet = fleet_of({SITE: site.address}, outage_budget=2 * HOUR)

    def fill(self, client: str) -> Outcome:
        ca, certificate, key = self.authority.files(client)
        tls = client_tls(ca_file=ca, cert_file=certificate, key_file=key)
        (outcome,) = assemble(self.fleet, self.egress, self.hub.client, Options(), tls=tls).run_once().outcomes
        return outcome


@pytest.fixture
def cut(start: Start, egress: Egress, tmp_path: Path) -> Iterator[Cut]:
    with contextlib.ExitStack() as stack:
        yield Cut(start, Parts(tmp_path, stack), egress)


def test_a_hole_is_filled_through_the_gate_of_the_site(cut: Cut) -> None:
    outcome = cut.fill(HUB)

    held, recorded = cut.hub.raw(SHARE), cut.edge.raw(SHARE)
    assert (outcome.fault, outcome.left, dict(outcome.dropped)) == ("", 0, {})
    assert {
        tuple(sorted((*labels, ("site", SITE), ("region", "north")))): points for labels, points in recorded.items()
    } == held


def test_who_is_not_the_hub_gets_nothing(cut: Cut) -> None:
    outcome = cut.fill(OTHER)

    assert outcome.reason is Reason.REFUSED
    assert "knows the hub's certificate" in outcome.fault
    assert outcome.samples == 0

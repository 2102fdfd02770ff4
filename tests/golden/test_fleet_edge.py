"""Everything that is rendered for the sites of a small fleet: one of each transport, one that is planned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gridobs.fleet import edge
from gridobs.fleet.egress.model import Egress, ExportedSeries
from gridobs.fleet.model import Fleet, Hub, Region, Site, State, Transport
from gridobs.slo.promql import PrometheusVersion

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridobs.artifacts import Artifact

GOLDEN = Path(__file__).parent / "fleet-edge"
FLEET = Fleet(
    regions=(Region(name="north"), Region(name="south")),
    sites=(
        Site(id="sub-0001", region="north", address="sub-0001.example:9443"),
        Site(id="sub-0002", region="south", address="198.51.100.7:9443", transport=Transport.REMOTE_WRITE),
        Site(id="sub-0003", region="south", address="sub-0003.example:9443", transport=Transport.VMAGENT),
        Site(id="sub-0004", region="north", address="[2001:db8::7]:9443", state=State.PLANNED),
    ),
    hub=Hub(receiver="push.example:9444"),
)
SERIES = {
    "site:heartbeat:time": (),
    "site:k3s_nodes:count": (),
    "site_info": (),
    "slo:raw_bad:increase": ("service", "slo"),
    "slo:raw_total:increase": ("service", "slo"),
}
EGRESS = Egress(
    series=tuple(
        ExportedSeries(name=name, labels=labels, bound=1, interval=30, source="alerts/rules/site.yaml")
        for name, labels in SERIES.items()
    )
)
SETTINGS = edge.EdgeSettings(brokers=("mqtts://broker.example:8883",))


def files(version: PrometheusVersion) -> tuple[Artifact, ...]:
    """All but the script, which is no more than a copy of the one in the sources."""
    made = edge.render(FLEET, EGRESS, version, settings=SETTINGS)
    return tuple(one for one in made if one.path.name != "issue.sh")


@pytest.mark.parametrize("version", PrometheusVersion)
def test_a_small_fleet(version: PrometheusVersion, matches_golden: Callable[[Path, str], None]) -> None:
    folder = GOLDEN / version
    for one in files(version):
        (folder / one.path).parent.mkdir(parents=True, exist_ok=True)
        matches_golden(folder / one.path, one.content)

    assert {path for path in folder.rglob("*") if path.is_file()} == {folder / one.path for one in files(version)}

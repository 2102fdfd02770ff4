from __future__ import annotations

import pytest

from gridobs import conventions as names
from gridobs.fleet.egress.model import Egress, ExportedSeries
from gridobs.fleet.model import Site

RATIO = "site:thing:ratio"


@pytest.fixture
def site() -> Site:
    return Site(id="sub-0001", region="north", address="sub-0001.example:9443")


@pytest.fixture
def egress() -> Egress:
    """A heartbeat, and three series of a ratio by ``slo``, all every 30 s."""
    return Egress(
        series=tuple(
            ExportedSeries(name=name, labels=labels, bound=bound, interval=30, source="alerts/slos/x.yaml")
            for name, labels, bound in ((names.SITE_HEARTBEAT, (), 1), (RATIO, ("slo",), 3))
        )
    )

"""An egress small enough to read."""

from __future__ import annotations

import pytest

from gridobs import conventions as names
from gridobs.fleet.egress.model import Egress, ExportedSeries

OF_AN_OBJECTIVE = (
    names.SLO_RAW_TOTAL,
    names.SLO_RAW_BAD,
    names.SLO_OBJECTIVE,
    names.SLO_PERIOD_TOTAL,
    names.SLO_PERIOD_BAD,
    names.slo_error_ratio("1h"),
)


@pytest.fixture
def egress() -> Egress:
    own = [
        ExportedSeries(name=name, labels=(), bound=1, interval=30, source="alerts/rules/site.yaml")
        for name in (names.SITE_HEARTBEAT, names.SITE_INFO, names.SITE_K3S_NODES_COUNT)
    ]
    firing = ExportedSeries(
        name=names.SITE_ALERTS_FIRING, labels=("severity",), bound=3, interval=30, source="alerts/rules/site.yaml"
    )
    objectives = [
        ExportedSeries(name=name, labels=("service", "slo"), bound=1, interval=30, source=f"alerts/slos/{slo}.yaml")
        for slo in ("power-accuracy", "power-availability")
        for name in OF_AN_OBJECTIVE
    ]
    return Egress(series=tuple(sorted([*own, firing, *objectives])))

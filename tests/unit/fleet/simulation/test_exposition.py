from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from gridobs import conventions as names
from gridobs.fleet.simulation.exposition import Exposition, number
from gridobs.fleet.simulation.shape import SimulatedSeries, choose_series
from gridobs.fleet.simulation.values import Formulas, Site

if TYPE_CHECKING:
    from gridobs.fleet.egress.model import Egress

NOW = 1_796_000_000.0


def test_the_form_is_that_of_federate() -> None:
    series = (SimulatedSeries(name=names.SITE_INFO), SimulatedSeries(name="slo_info", labels=(("slo", "x"),)))
    site = Site("sub-0001", interval=30)
    at = round(1000 * site.evaluated_at(NOW))

    assert (
        "# TYPE site_info untyped\n"
        f'site_info{{instance="",region="east",site="sub-0001"}} 1 {at}\n'
        "# TYPE slo_info untyped\n"
        f'slo_info{{slo="x",instance="",region="east",site="sub-0001"}} 1 {at}\n'
    ) == Exposition(series, interval=30).text(site, NOW, claims="sub-0001", region="east")


def test_every_sample_can_be_recomputed(egress: Egress) -> None:
    series = choose_series(egress, 60)
    site = Site("sub-0007", interval=30)
    text = Exposition(series, interval=30).text(site, NOW, claims="sub-0007", region="east")
    told = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    assert Formulas(series, interval=30).values(site, site.evaluated_at(NOW)) == [sample.value for sample in told]
    assert {site.evaluated_at(NOW)} == {sample.timestamp for sample in told}
    assert {("sub-0007", "east", "")} == {
        tuple(one.labels[k] for k in ("site", "region", "instance")) for one in told
    }


def test_numbers_are_written_as_go_writes_them() -> None:
    assert ["1", "0.25", "1e-07", "1796000000.5"] == [number(one) for one in (1.0, 0.25, 1e-7, 1_796_000_000.5)]

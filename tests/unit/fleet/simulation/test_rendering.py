from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from gridobs.fleet import hub
from gridobs.fleet.simulation.addresses import build_fleet
from gridobs.fleet.simulation.rendering import render_hub
from gridobs.fleet.simulation.settings import Settings
from gridobs.slo.promql import PrometheusVersion

if TYPE_CHECKING:
    from gridobs.fleet.egress.model import Egress

SETTINGS = Settings(folder=Path("data"), sources=Path("nowhere"), sites=20, interval=30)


def rendered(egress: Egress, settings: Settings) -> dict[str, str]:
    fleet = build_fleet(sites=settings.sites, port=9443, hub=settings.hub)
    return {str(one.path): one.content for one in render_hub(fleet, egress, settings)}


def test_rules_and_targets_are_those_of_the_product_unless_in_a_hurry(egress: Egress) -> None:
    fleet = build_fleet(sites=20, port=9443, hub=SETTINGS.hub)
    without_backfill = hub.Settings(backfill_address="")
    made = hub.render(fleet, egress, PrometheusVersion.V2_42, settings=without_backfill)
    product = {str(one.path): one.content for one in made}
    ours = rendered(egress, SETTINGS)

    assert product.keys() == ours.keys()
    assert [] == [path for path in product if "/rules/" in path or "/targets/" in path if product[path] != ours[path]]


def test_in_a_hurry_only_waiting_times_differ(egress: Egress) -> None:
    patient, hurried = rendered(egress, SETTINGS), rendered(egress, replace(SETTINGS, hurry=6))
    differing = {
        (before.partition(":")[0].strip(), after.partition(":")[0].strip())
        for path in patient
        for before, after in zip(patient[path].splitlines(), hurried[path].splitlines(), strict=True)
        if before != after
    }

    assert {("for", "for"), ("group_wait", "group_wait"), ("group_interval", "group_interval")} == differing


def test_a_region_still_tells_before_its_sites_in_a_hurry(egress: Egress) -> None:
    files = rendered(egress, replace(SETTINGS, hurry=6))
    holds = {
        rule["alert"]: rule["for"]
        for path, text in files.items()
        if "/rules/" in path
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
        if "for" in rule
    }

    assert ("20s", "40s") == (holds["RegionWANOutage"], holds["SiteDark"])


def test_with_tls_the_hub_shows_its_certificate(egress: Egress) -> None:
    with_tls = rendered(egress, replace(SETTINGS, tls=True))["hub/shard-0/prometheus.yml"]
    job = yaml.safe_load(with_tls)["scrape_configs"][0]

    assert ("https", True) == (job["scheme"], job["tls_config"]["cert_file"].endswith("/data/tls-hub/tls.crt"))

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gridobs.errors import SourceError
from gridobs.fleet.hub import visibility

if TYPE_CHECKING:
    from tests.unit.fleet.hub.conftest import Rules

IDENTITY = {"slo": "site-visibility", "service": "federation"}
SELECTOR = 'service="federation",slo="site-visibility"'
BURN = "SiteVisibilityBudgetBurn"
RUNBOOK = Path(__file__).parents[4] / "docs/runbooks/site-visibility.md"


def test_a_minute_is_as_bad_as_the_share_of_sites_that_are_not_reached(
    rules: Rules, healthy: dict[str, str], up: dict[str, str]
) -> None:
    name = f"slo:sli_error:ratio_rate30m{{{SELECTOR}}}"
    series = healthy | {up["sub-0001"]: "0x240"}  # of 11 that are not in maintenance

    rules.with_visibility().values(series, "59m", {f"round(11 * {name})": {f"{{{SELECTOR}}}": 1.0}})


def test_links_that_are_bad_for_long_are_a_ticket_about_the_fleet(
    rules: Rules, healthy: dict[str, str], up: dict[str, str]
) -> None:
    series = healthy | {up[site]: "0x240" for site in ("sub-0001", "sub-0002", "sub-0011")}
    made = rules.with_visibility()
    expected = {f'ALERTS{{alertname="{BURN}",alertstate="firing",scope="fleet",severity="ticket",{SELECTOR}}}': 1}

    made.values(series, "59m", {f'ALERTS{{alertname="{BURN}"}}': expected})


def test_links_that_are_good_are_none(rules: Rules, healthy: dict[str, str]) -> None:
    rules.with_visibility().values(healthy, "59m", {f'ALERTS{{alertname="{BURN}"}}': {}})


def test_its_runbook_is_there(rules: Rules) -> None:
    link = rules.with_visibility().alerts[BURN]["annotations"]["runbook_url"]

    assert (link.rpartition("/")[2], RUNBOOK.is_file()) == (RUNBOOK.stem, True)


def test_a_folder_of_sources_without_objectives_of_a_hub_has_none(tmp_path: Path) -> None:
    assert visibility.load(tmp_path) == ()


def test_a_broken_objective_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "hub/slos").mkdir(parents=True)
    (tmp_path / "hub/slos/broken.yaml").write_text("kind: SLO\n")

    with pytest.raises(SourceError, match=r"broken\.yaml:1:1"):
        visibility.load(tmp_path)

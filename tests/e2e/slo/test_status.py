"""``gridobs slo status`` against a real Prometheus, as a hub and as a site."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from gridobs.cli.app import app
from gridobs.cli.slo_status import standings_table
from gridobs.prometheus import Client
from gridobs.slo.model import BadOfTotal, Objective, Rolling
from gridobs.slo.promql import Query
from gridobs.slo.status import Scope, read_standings
from gridobs.slo.windows import tables
from gridobs.testbed.http_api import PrometheusApi
from gridobs.testbed.status import read_status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Sample = tuple[str, Mapping[str, str], int, float]
    Serve = Callable[[Iterable[Sample]], str]

pytestmark = pytest.mark.e2e

AVAILABILITY = {"slo": "power-availability", "service": "power-data-processor"}
LATENCY = {"slo": "power-latency-p999", "service": "power-data-processor"}


def standing(
    identity: Mapping[str, str],
    *,
    error: float | None = None,
    burn: float | None = None,
    left: float | None = None,
    raw: float | None = None,
    coverage: float | None = None,
) -> list[Sample]:
    """What the rules of one objective record; None is no series."""
    now = int(time.time())
    values = {
        "slo:objective:ratio": 0.999,
        "slo:time_period:days": 30,
        "slo:sli_error:ratio_rate5m": error,
        "slo:current_burn_rate:ratio": burn,
        "slo:period_error_budget_remaining:ratio": left,
        "slo:period_raw_error_budget_remaining:ratio": raw,
        "slo:coverage:ratio": coverage,
    }
    found: list[Sample] = [(name, identity, now, value) for name, value in values.items() if value is not None]
    return [*found, ("slo_info", {**identity, "period": "30d", "objective": "0.999", "owner": "grid-data"}, now, 1)]


def alert(identity: Mapping[str, str], severity: str, state: str = "firing") -> Sample:
    named = {"alertname": "PowerAvailabilityBudgetBurn", "alertstate": state, "severity": severity}
    return "ALERTS", {**identity, **named}, int(time.time()), 1


def at(site: str, region: str, identity: Mapping[str, str] = AVAILABILITY) -> dict[str, str]:
    return {**identity, "site": site, "region": region}


@pytest.fixture(scope="module")
def hub(serve: Serve) -> str:
    return serve(
        [
            *standing(at("sub-0001", "north"), error=0.0, burn=0.0, left=1.0, raw=1.0, coverage=1.0),
            *standing(at("sub-0002", "north"), error=0.0144, burn=14.4, left=0.25, raw=0.2504, coverage=0.99),
            *standing(at("sub-0003", "south"), error=0.001, burn=1.0, left=-0.5, raw=-0.75, coverage=0.5),
            *standing(at("sub-0004", "south")),
            *standing(at("sub-0001", "north", LATENCY), left=0.9, burn=0.3, coverage=1.0),
            alert(at("sub-0002", "north"), "ticket"),
            alert(at("sub-0002", "north"), "page"),
            alert(at("sub-0003", "south"), "page", "pending"),
        ]
    )


def status(url: str, *options: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, ["slo", "status", f"--prometheus={url}", "--json", *options])

    assert result.exit_code == 0, result.output
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    return rows


def test_the_worst_is_first_and_no_data_comes_before_what_is_well(hub: str) -> None:
    assert ["sub-0003", "sub-0004", "sub-0002", "sub-0001", "sub-0001"] == [row["site"] for row in status(hub)]


def test_what_is_not_known_is_null_and_not_zero(hub: str) -> None:
    row = next(row for row in status(hub) if row["site"] == "sub-0004")
    known = {name for name, value in row.items() if value not in (None, [], False)}

    assert {"slo", "service", "site", "region", "objective", "period"} == known


def test_a_row_says_how_an_objective_stands(hub: str) -> None:
    assert [
        {
            **at("sub-0002", "north"),
            "objective": 0.999,
            "period": "30d",
            "sli": pytest.approx(0.9856),
            "burn_rate": 14.4,
            "budget_left": 0.25,
            "raw_budget_left": 0.2504,
            "coverage": 0.99,
            "seconds_to_exhaustion": pytest.approx(0.25 * 30 * 86_400 / 14.4),
            "never_exhausted": False,
            "alerts": [
                {"name": "PowerAvailabilityBudgetBurn", "severity": "page"},
                {"name": "PowerAvailabilityBudgetBurn", "severity": "ticket"},
            ],
        }
    ] == status(hub, "--site=sub-0002")


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        (("--region=south",), 2),
        (("--site=sub-0001",), 2),
        (("--slo=power-availability", "--site=sub-0001"), 1),
        (("--service=power-data-processor",), 5),
    ],
)
def test_filters_choose(hub: str, options: tuple[str, ...], rows: int) -> None:
    assert rows == len(status(hub, *options))


def test_nothing_to_show_is_explained(hub: str) -> None:
    """A name is compared as it is: it is no pattern, and cannot leave its quotes."""
    for name in ("sub-.*", 'x"} or vector(1) #', "a\\"):
        result = CliRunner().invoke(app, ["slo", "status", f"--prometheus={hub}", f"--site={name}"])

        assert result.exit_code == 1
        assert "has no objective like this" in str(result.exception)


@pytest.mark.parametrize("columns", [80, 200])
def test_no_figure_is_cut_on_a_terminal(hub: str, columns: int) -> None:
    console = Console(width=columns, color_system=None)
    with console.capture() as captured:
        console.print(standings_table(read_standings(Client(hub), Scope())))
    text = captured.get()
    rows = [line.split() for line in text.splitlines()]

    assert "…" not in text
    assert max(map(len, text.splitlines())) <= columns
    assert ["99.9%", "98.56%", "14.40", "25.0%", "25.0%", "99%", "12", "h", "page", "+1"] in [
        row[-10:] for row in rows
    ]
    assert ["99.9%", "-", "-", "-", "-", "-", "-", "none"] in [row[-8:] for row in rows]
    assert all(site in text for site in ("sub-0001", "sub-0004"))


def test_a_site_has_no_column_for_sites(serve: Serve) -> None:
    url = serve(standing(AVAILABILITY, error=0.0, burn=0.0, left=1.0, raw=1.0, coverage=1.0))
    result = CliRunner().invoke(app, ["slo", "status", f"--prometheus={url}"])

    assert result.exit_code == 0
    assert "site" not in result.stdout
    assert "never" in result.stdout
    assert "raw" not in result.stdout


def objective(name: str) -> Objective:
    query = Query.parse("sum(rate(all_total[{{.window}}]))")
    return Objective(
        name=name,
        service="power-data-processor",
        title=name,
        target=Decimal("0.999"),
        indicator=BadOfTotal(bad=query, total=query),
        period=Rolling("30d"),
        table=tables()["30d"],
    )


def test_the_demo_shows_its_objectives_in_their_order_with_or_without_data(serve: Serve) -> None:
    url = serve(standing(AVAILABILITY, error=0.25, burn=250.0, left=0.5, coverage=0.1))
    known, unknown = read_status(PrometheusApi(url), [objective("power-availability"), objective("other")])

    assert ("power-availability", 0.999, 0.75, 250.0, 0.5, 0.1) == (
        *(known.name, known.objective, known.sli),
        *(known.burn_rate, known.budget_left, known.coverage),
    )
    assert ("other", 0.999, None, None, None, None) == (
        *(unknown.name, unknown.objective, unknown.sli),
        *(unknown.burn_rate, unknown.budget_left, unknown.coverage),
    )
    assert (True, False) == (known.complete, unknown.complete)

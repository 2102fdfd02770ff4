"""The simulation against Prometheus' own engine: the same ledger, the same alerts and the same budget."""

from __future__ import annotations

import json
import random
import subprocess
from dataclasses import replace
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from gridobs import conventions as names
from gridobs.rules.model import RecordingRule, RuleFile
from gridobs.rules.render import render
from gridobs.slo.compile import compile_objective
from gridobs.slo.model import (
    BadOfTotal,
    Budgeting,
    Calendar,
    CalendarUnit,
    CompileOptions,
    MissingData,
    Objective,
    Occurrences,
    Period,
    RatioTimeslices,
    Rolling,
    Timeslices,
)
from gridobs.slo.openslo.annotations import shares
from gridobs.slo.promql import Query
from gridobs.slo.simulation import Ledger, Simulation, simulate
from gridobs.slo.windows import custom_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

INTERVAL = 30
ENTRIES = 1000
"""More than the period has, so that entries leave it."""
WINDOWS = "page 20m/5m 20%, page 1h/10m 30%, ticket 2h/20m 40%, ticket 3h/30m 50%"
OPTIONS = CompileOptions(interval="30s", period_interval="30s")

FIRST_LOCAL_MIDNIGHT = 600
"""In Bogotá, of 1970, where promtool begins; PromQL knows no calendar before."""

Values = list[float | None]


def objective(
    *,
    budgeting: Budgeting | None = None,
    period: Period | None = None,
    missing_data: MissingData = MissingData.UNKNOWN,
    min_bad_events: int | None = None,
    windows: str = WINDOWS,
) -> Objective:
    period = period or Rolling("6h")
    return Objective(
        name="a",
        service="s",
        title="A",
        target=Decimal("0.95"),
        indicator=BadOfTotal(
            bad=Query.parse("sum(rate(b[{{.window}}]))"), total=Query.parse("sum(rate(t[{{.window}}]))")
        ),
        budgeting=budgeting or Occurrences(),
        period=period,
        table=custom_table(period, shares(windows)),
        missing_data=missing_data,
        min_bad_events=min_bad_events,
    )


def random_events(chance: random.Random) -> tuple[Values, Values, list[bool]]:
    """Hours of calm, trouble, outage, idleness, gaps and work, of random length."""
    totals: Values = []
    bads: Values = []
    excluded: list[bool] = []
    while len(totals) < ENTRIES:
        length = chance.choice((1, 2, 9, 10, 11, 40, 120, 300))
        share = chance.choice((0, 0, 0, 0.02, 0.1, 0.24, 0.3, 1))
        traffic = chance.choice((0, 1, 20, 1000))
        missing, work = chance.random() < 0.15, chance.random() < 0.2
        for _ in range(length):
            total = chance.randrange(traffic + 1)
            bad = sum(chance.random() < share for _ in range(total)) if total < 50 else round(total * share)
            totals.append(None if missing else total)
            bads.append(None if missing else bad)
            excluded.append(work)
    return totals[:ENTRIES], bads[:ENTRIES], excluded[:ENTRIES]


def sliced(budgeting: Timeslices | RatioTimeslices, totals: Values, bads: Values) -> tuple[Values, Values]:
    """One entry at the end of each slice; None elsewhere and without data."""
    entries = 2  # of a minute
    made: tuple[Values, Values] = ([], [])
    for at in range(len(totals)):
        within = [one for one in totals[max(at - entries + 1, 0) : at + 1] if one is not None]
        bad = sum(one or 0 for one in bads[max(at - entries + 1, 0) : at + 1])
        if at % entries or not within:
            slice_total, slice_bad = None, None
        elif not sum(within):
            slice_total, slice_bad = 0.0, 0.0
        elif isinstance(budgeting, Timeslices):
            slice_total, slice_bad = 1.0, float(bad / sum(within) > float(1 - budgeting.target))
        else:
            slice_total, slice_bad = 1.0, bad / sum(within)
        made[0].append(slice_total)
        made[1].append(slice_bad)
    return made


def series(values: Sequence[float | None]) -> str:
    """Promtool's notation; what is missing is marked so, as a rule without a result marks it."""
    runs = (
        (shown, len(list(run))) for shown, run in groupby("stale" if one is None else f"{one:g}" for one in values)
    )
    return " ".join(
        f"{shown}x{count - 1}" if shown != "stale" and count > 1 else " ".join([shown] * count)
        for shown, count in runs
    )


def rules_after_the_events(one: Objective) -> RuleFile:
    """Without the rules of the first step: the events are given."""
    compiled = compile_objective(one, OPTIONS)
    given = given_series(one)
    groups = tuple(
        replace(
            group,
            rules=tuple(
                rule for rule in group.rules if not isinstance(rule, RecordingRule) or rule.record not in given
            ),
        )
        for group in compiled.groups
    )
    return RuleFile(groups=groups)


def given_series(one: Objective) -> tuple[str, str]:
    if isinstance(one.budgeting, Occurrences) and one.missing_data is not MissingData.BAD:
        return names.SLO_RAW_TOTAL, names.SLO_RAW_BAD
    return names.SLO_EVENT_TOTAL, names.SLO_EVENT_BAD


def promtool(
    folder: Path, one: Objective, given: dict[str, str], expected: list[tuple[int, str, float | None]]
) -> None:
    rules = rules_after_the_events(one)
    (folder / "rules.yaml").write_text(render(rules, "a test"))
    case = {
        "interval": "30s",
        "input_series": [{"series": name, "values": text} for name, text in given.items()],
        "promql_expr_test": [
            {
                "expr": f"(abs(sum({expr}) - {value or 0:.17g}) < 1e-9) * 0 + 4242 or sum({expr})",
                "eval_time": f"{at * INTERVAL}s",
                "exp_samples": [] if value is None else [{"labels": "{}", "value": 4242}],
            }
            for at, expr, value in expected
        ],
    }
    file = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "30s",
        "group_eval_order": [group.name for group in rules.groups],
        "tests": [case],
    }
    (folder / "test.yaml").write_text(json.dumps(file))
    ran = subprocess.run(
        ["promtool", "test", "rules", folder / "test.yaml"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-5000:]


def expectations(one: Objective, run: Simulation, chance: random.Random) -> Iterator[tuple[int, str, float | None]]:
    for severity in (names.SEVERITY_PAGE, names.SEVERITY_TICKET):
        firing = run.firing(severity)
        alerts = f'ALERTS{{alertname="ABudgetBurn",alertstate="firing",severity="{severity}"}}'
        edges = {at + by for at in range(1, ENTRIES) if firing[at] != firing[at - 1] for by in (-1, 0)}
        for at in sorted(edges | set(chance.sample(range(ENTRIES), 10))):
            yield at, alerts, 1 if firing[at] else None
        yield ENTRIES - 1, f"count_over_time({alerts}[{ENTRIES * INTERVAL}s])", sum(firing) or None
    budget = run.budget()
    first = FIRST_LOCAL_MIDNIGHT if isinstance(one.period, Calendar) else 0
    for at in [*chance.sample(range(first, ENTRIES), 40), ENTRIES - 1]:
        yield at, names.SLO_PERIOD_BUDGET_REMAINING, budget[at]


KINDS = {
    "events": objective(),
    "events-missing-ignored": objective(missing_data=MissingData.IGNORE),
    "events-missing-bad": objective(missing_data=MissingData.BAD),
    "one-bad-event-is-enough": objective(min_bad_events=0),
    "many-bad-events-needed": objective(min_bad_events=200),
    "slices": objective(budgeting=Timeslices(window="1m", target=Decimal("0.9"))),
    "slices-missing-bad": objective(
        budgeting=Timeslices(window="1m", target=Decimal("0.9")), missing_data=MissingData.BAD
    ),
    "slices-in-part": objective(budgeting=RatioTimeslices(window="1m"), min_bad_events=40),
    "a-calendar-day": objective(
        period=Calendar(unit=CalendarUnit.DAY, zone="America/Bogota"),
        windows="page 20m/5m 5%, page 1h/10m 8%, ticket 2h/20m 10%",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_alerts_and_budget_are_those_of_prometheus(tmp_path: Path, kind: str) -> None:
    one = KINDS[kind]
    chance = random.Random(f"{kind} 4")  # noqa: S311 - a seeded truth, no secret
    totals, bads, excluded = random_events(chance)
    measured = (totals, bads) if isinstance(one.budgeting, Occurrences) else sliced(one.budgeting, totals, bads)
    ledger = Ledger(start=0, interval=INTERVAL, total=measured[0], bad=measured[1], excluded=excluded, event_bad=bads)
    run = Simulation(one, ledger)
    total, bad = given_series(one)
    expected = list(expectations(one, run, chance))

    assert any(run.firing(names.SEVERITY_PAGE) + run.firing(names.SEVERITY_TICKET))
    promtool(
        tmp_path,
        one,
        {
            one.identity.series(total): series(totals),
            one.identity.series(bad): series(bads),
            'slo:exclusion:active{exclusion="work"}': series([1 if active else None for active in excluded]),
        },
        expected,
    )


def flat(total: Sequence[float | None], bad: Sequence[float | None]) -> Ledger:
    return Ledger(start=900, interval=INTERVAL, total=total, bad=bad, excluded=[False] * len(total))


def test_an_episode_says_what_fired_and_how_fast_it_burned() -> None:
    calm = 60
    found = simulate(objective(), flat([10] * (calm + 40), [0] * calm + [10] * 40))
    page, ticket = found.episodes

    # 20 min hold 40 evaluations; at 20 % of 6 h's budget in 20 min, the pace is 3.6 times 5 %: 8 bad of 40
    assert (page.severity, page.start, page.end) == ("page", 900 + (calm + 8) * INTERVAL, None)
    assert (page.tier.long, page.tier.short) == ("20m", "5m")
    assert page.peak_burn == pytest.approx(20)
    assert page.length(900 + 100 * INTERVAL) == (100 - calm - 8) * INTERVAL
    assert ticket.severity == "ticket"


def test_a_capped_objective_has_tickets_alone() -> None:
    capped = replace(objective(), severity="ticket")
    found = simulate(capped, flat([10.0] * 100, [10.0] * 100))

    assert [one.severity for one in found.episodes] == ["ticket"]


def test_no_events_leave_no_figure_and_no_alert() -> None:
    found = simulate(objective(), flat([None, 0.0], [None, 0.0]))

    assert (found.budget_left, found.lowest_budget, found.episodes) == (None, None, ())
    assert (found.events, found.coverage) == (0, 0.5)

"""Objectives that allow no bad event: what they are, what they cannot have, and that one event is enough."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from gridobs import sources
from gridobs.errors import SourceError
from gridobs.rules.model import AlertRule
from gridobs.slo import openslo
from gridobs.slo.alerting import min_bad_events
from gridobs.slo.compile import compile_objective
from gridobs.slo.model import CompileOptions
from gridobs.slo.settings import Settings
from gridobs.slo.simulation import Ledger, Simulation
from gridobs.slo.variants import Changes, variants

if TYPE_CHECKING:
    from pathlib import Path

    from gridobs.slo.model import Objective

NAME = "  name: power-availability\n"
NOTE = "gridobs/hard: 'true'"


def hard(text: str, note: str = NOTE) -> str:
    assert NAME in text
    noted = text.replace(NAME, f"{NAME}  annotations: {{{note}}}\n")
    return noted.replace("target: 0.999", "target: 0.999999999")


def load(folder: Path, text: str) -> Objective:
    (folder / "a.yaml").write_text(text)
    (one,) = openslo.load(sources.read(folder / "a.yaml"), Settings())
    return one.objective


def test_it_has_one_tier_at_pace_zero_and_one_bad_event_is_enough(tmp_path: Path, good: str) -> None:
    objective = load(tmp_path, hard(good))

    assert [(tier.severity, tier.long, tier.short, tier.factor) for tier in objective.table.tiers] == [
        ("page", "6h", "1h", Fraction(0))
    ]
    assert min_bad_events(objective) == 1


@pytest.mark.parametrize(("note", "severity"), [(NOTE, "page"), (NOTE + ", gridobs/severity: ticket", "ticket")])
def test_its_alert_waits_for_no_second_evaluation(tmp_path: Path, good: str, note: str, severity: str) -> None:
    rule_file = compile_objective(load(tmp_path, hard(good, note)), CompileOptions())
    (alert,) = (
        rule
        for group in rule_file.groups
        for rule in group.rules
        if isinstance(rule, AlertRule) and rule.alert == "PowerAvailabilityBudgetBurn"
    )

    assert (alert.hold, alert.labels["severity"]) == (None, severity)
    assert alert.annotations["summary"].startswith("power-availability is broken: it allows no bad event;")


def test_the_backtest_sees_one_event_of_ten_million_at_once_unless_other_windows_are_tried(
    tmp_path: Path, good: str
) -> None:
    objective = load(tmp_path, hard(good))
    written, other = variants(objective, Changes(alert_windows=["page 1h/5m 2%"]))
    bad = [0.0] * 10 + [1.0] + [0.0] * 200
    events = Ledger(start=0, interval=30, total=[1e6] * len(bad), bad=bad, excluded=[False] * len(bad))

    def firing(tried: Objective) -> list[int]:
        return [at for at, fires in enumerate(Simulation(tried, events).firing("page")) if fires]

    assert firing(written.objective) == list(range(10, 130))
    assert firing(other.objective) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("target: 0.999999999", "target: 0.999", "GO101 a hard objective has no budget, but its target of 0.999 is"),
        ("target: 0.999999999", "targetPercent: 99.9", "GO101 a hard objective has no budget"),
        ("        bad:\n", "        good:\n", "GO007 a hard objective needs its bad events counted"),
        ("Method: Occurrences", "Method: RatioTimeslices", "GO007 a hard objective cannot have RatioTimeslices"),
        (
            NOTE,
            f"{NOTE}, gridobs/min-bad-events: '2'",
            "GO007 a hard objective cannot have gridobs/min-bad-events: the first bad event counts; remove it, or",
        ),
        (
            NOTE,
            f"{NOTE}, gridobs/missing-data: bad",
            "GO007 a hard objective cannot have gridobs/missing-data: every scrape that fails would page",
        ),
        (
            NOTE,
            f"{NOTE}, gridobs/alert-windows: page 1h/5m 2%",
            "GO007 a hard objective cannot have gridobs/alert-windows: no pace is slow enough for it",
        ),
        (NOTE, "gridobs/hard: 'no'", "GO004 gridobs/hard can only be true; write 'true' where"),
        (NOTE, "gridobs/hard: [1]", "GO004 gridobs/hard can only be true"),
    ],
)
def test_what_it_cannot_have_is_told(tmp_path: Path, good: str, before: str, after: str, expected: str) -> None:
    text = hard(good)
    assert before in text
    with pytest.raises(SourceError) as caught:
        load(tmp_path, text.replace(before, after))

    assert any(expected in str(problem) for problem in caught.value.problems)

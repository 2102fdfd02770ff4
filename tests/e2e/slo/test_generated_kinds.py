"""Every kind of indicator, budget and period gets tests of its own, and its rules pass them in promtool."""

from __future__ import annotations

import shutil
import subprocess
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from gridobs.rules.durations import seconds
from gridobs.rules.render import render
from gridobs.slo.compile import compile_objective
from gridobs.slo.model import (
    BadOfTotal,
    Calendar,
    CalendarUnit,
    Comparison,
    CompileOptions,
    MissingData,
    Objective,
    RatioTimeslices,
    RawRatio,
    Rolling,
    Threshold,
    Timeslices,
)
from gridobs.slo.openslo.fields import STRICTEST
from gridobs.slo.promql import Query
from gridobs.slo.testing import unit_tests
from gridobs.slo.windows import hard_table, table_for

if TYPE_CHECKING:
    from pathlib import Path


def query(text: str) -> Query:
    return Query.parse(text, window_required="window" in text)


COUNTED = BadOfTotal(bad=query("sum(rate(b[{{.window}}]))"), total=query("sum(rate(t[{{.window}}]))"))
COLD = Threshold(query=query('temperature{room="1"}'), comparison=Comparison.LT, threshold=Decimal("5.5"))
SLICES = Timeslices(window="1m", target=Decimal("0.95"))
PARTS = RatioTimeslices(window="1m")
KINDS: dict[str, dict[str, Any]] = {
    "a gauge": {"indicator": COLD},
    "the greatest of gauges, a day": {
        "indicator": Threshold(query=query("max(t)"), comparison=Comparison.GTE, threshold=Decimal(3)),
        "period": Rolling("1d"),
    },
    "slices": {"budgeting": SLICES},
    "long slices": {"budgeting": Timeslices(window="5m", target=Decimal("0.9")), "target": Decimal("0.9")},
    "slices of a gauge": {"indicator": COLD, "budgeting": SLICES},
    "parts of slices": {"budgeting": PARTS},
    "a ratio of good events": {"indicator": RawRatio(query=query("r"), success=True), "budgeting": PARTS},
    "a ratio whose missing data is bad": {
        "indicator": RawRatio(query=query("r"), success=True),
        "budgeting": PARTS,
        "missing_data": MissingData.BAD,
    },
    "a ratio of bad events, in slices": {
        "indicator": RawRatio(query=query("avg(r)"), success=False),
        "budgeting": SLICES,
    },
    "missing is bad": {"missing_data": MissingData.BAD},
    "missing is ignored": {"missing_data": MissingData.IGNORE},
    "missing slices are bad": {"missing_data": MissingData.BAD, "budgeting": SLICES},
    "a month": {"period": Calendar(unit=CalendarUnit.MONTH, zone="Europe/Berlin")},
    "a day west of Greenwich": {"period": Calendar(unit=CalendarUnit.DAY, zone="America/New_York")},
    "a week from Sunday": {"period": Calendar(unit=CalendarUnit.WEEK, zone="Asia/Tokyo", first_weekday=6)},
    "a quarter": {"period": Calendar(unit=CalendarUnit.QUARTER, zone="UTC")},
    "five bad events, tickets alone": {"min_bad_events": 5, "severity": "ticket", "target": Decimal("0.9995")},
    "one bad event is enough": {"min_bad_events": 1},
    "no bad event is allowed": {"hard": True, "target": STRICTEST},
    "no bad event is allowed, a day": {"hard": True, "target": STRICTEST, "period": Rolling("1d")},
    "no bad event is allowed, a month, tickets alone": {
        "hard": True,
        "target": STRICTEST,
        "period": Calendar(unit=CalendarUnit.MONTH, zone="Europe/Berlin"),
        "severity": "ticket",
    },
    "a gauge may never be too high": {"hard": True, "target": STRICTEST, "indicator": COLD},
}


@pytest.mark.e2e
@pytest.mark.parametrize("kind", KINDS)
def test_the_rules_of_every_kind_do_what_the_arithmetic_says(kind: str, tmp_path: Path) -> None:
    promtool = shutil.which("promtool") or pytest.fail("promtool is not installed; run: make setup")
    fields = {"target": Decimal("0.99"), "indicator": COUNTED, "period": Rolling("30d"), **KINDS[kind]}
    table = hard_table if fields.get("hard") else table_for
    objective = Objective(name="a", service="s", title="A", table=table(fields["period"]), **fields)
    options = CompileOptions()
    (tmp_path / "rules.yaml").write_text(render(compile_objective(objective, options), "a test"))
    made = yaml.safe_load(unit_tests(objective, options, rule_file="rules.yaml", source="a test"))
    tests = [test for test in made["tests"] if seconds(test["promql_expr_test"][-1]["eval_time"]) <= 4 * 3_600]
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump({**made, "tests": tests}, width=10**9))

    done = subprocess.run(
        [promtool, "test", "rules", tmp_path / "tests.yaml"], capture_output=True, text=True, check=False
    )

    assert len(tests) >= 4
    assert done.returncode == 0, done.stdout + done.stderr

"""What inlined rules say equals what the rules record."""

from __future__ import annotations

import json
import subprocess
from array import array
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest

from gridobs import conventions as names
from gridobs.rules.render import render
from gridobs.slo.compile import compile_objective
from gridobs.slo.inline import inline
from gridobs.slo.model import CompileOptions
from tests.e2e.slo.truth import measure
from tests.e2e.slo.truth.streams import Form, Scraped, Stream

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gridobs.testbed.history import Series

pytestmark = pytest.mark.e2e

MINUTES = 1000
PERIOD, STEP = "7d", "5m"  # promtool keeps no more than 10 000 samples in memory
COMPARED = (
    names.SLO_TOTAL,
    names.SLO_BAD,
    names.SLO_BAD_RATE,
    names.slo_error_ratio("5m"),
    names.slo_error_ratio("1h"),
    names.slo_error_ratio("6h"),
    names.slo_error_ratio(PERIOD),
    names.SLO_COVERAGE,
    names.SLO_CURRENT_BURN_RATE,
    names.SLO_PERIOD_BUDGET_REMAINING,
    names.SLO_OBJECTIVE,
)


def a_stream(form: Form) -> Stream:
    """Uneven traffic and two resets, scraped every minute."""
    rng = Random(form.value)  # noqa: S311 - the same stream each time
    total, other = array("d"), array("d")
    events = bad = 0
    for minute in range(MINUTES):
        if minute in {90, 251}:
            events = bad = 0
        new = rng.randrange(100 if minute % 60 < 20 else 5)
        events, bad = events + new, bad + min(new, rng.randrange(3))
        total.append(events)
        other.append(bad if form is Form.BAD else events - bad)
    times = array("d", (60.0 * minute for minute in range(MINUTES)))
    return Stream(name=form.name, form=form, scrape=60, processes=[Scraped(times=times, total=total, other=other)])


@pytest.mark.parametrize("form", [Form.BAD, Form.GOOD])
@pytest.mark.parametrize("rollup", [pytest.param(STEP, id="no roll-up"), pytest.param("10m", id="rolled up")])
def test_rules_that_ran_recorded_what_one_query_says(form: Form, rollup: str, tmp_path: Path) -> None:
    """What is inlined reads the ledger itself; what ran may read its roll-ups, which must add up to the same."""
    stream = a_stream(form)
    objective = measure.objective(stream, PERIOD)
    options = CompileOptions(interval=STEP, period_interval=STEP, rollup_interval=STEP)
    compiled = compile_objective(objective, replace(options, rollup_interval=rollup))
    (tmp_path / "rules.yaml").write_text(render(compiled, "a test"))
    rules = measure.recording(compile_objective(objective, options))
    selectors = [objective.identity.series(name) for name in COMPARED]
    test = {
        "rule_files": ["rules.yaml"],
        "group_eval_order": [group.name for group in compiled.groups],
        "evaluation_interval": STEP,
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": _selector(one), "values": _values(one.values)} for one in stream.series()
                ],
                "promql_expr_test": [
                    {"expr": expr, "eval_time": at, "exp_samples": [{"labels": "{}", "value": 1}]}
                    for at in ("100m", "255m", "600m")
                    for selector in selectors
                    for expr in _same(selector, inline(rules, selector, step=STEP))
                ],
            }
        ],
    }
    (tmp_path / "test.yaml").write_text(json.dumps(test))

    run = subprocess.run(
        ["promtool", "test", "rules", tmp_path / "test.yaml"], capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stdout + run.stderr


def _same(recorded: str, inlined: str) -> tuple[str, str]:
    """1 if both have one value with the same labels, and 1 if these values are the same."""
    return f"count({recorded} and {inlined})", f"count(abs({recorded} - {inlined}) < 1e-9)"


def _selector(series: Series) -> str:
    return f"{series.name}{{{','.join(f'{label}={json.dumps(value)}' for label, value in series.labels.items())}}}"


def _values(values: Sequence[float]) -> str:
    """In promtool's notation; nothing is scraped from 150 min to 170 min."""
    return " ".join("_" if 150 <= minute < 170 else f"{value:g}" for minute, value in enumerate(values))

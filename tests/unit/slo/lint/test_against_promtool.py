"""What validation takes for PromQL is what the oldest Prometheus in use takes for it."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from gridobs.slo.lint.expression import parse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ACCEPTED = [
    "x offset -5m", "x @ start()", "x @ end()", "sum(x)by(a)", "sum by(a,)(x)", 'x{a="b",}', "sum(x) without (a)",
    "rate(x[1h30m])", "0x1F * x", "Inf + x", "-x ^ 2", "x == bool 1", "x and ignoring(a) y", "group(x)",
    "quantile(0.5, x)", 'count_values("v", x)', "topk(1, x) by (a)", "histogram_fraction(0, 1, x)", "absent(x)",
    'label_join(x, "a", ",", "b")', "pi() * x", "sgn(x)", "sum(rate(x[5m:1m]))",
    'x{a=~"(?i)b"}', 'x{a=~"\\\\d+"}', '{a!="b",c="d"}', 'x{a="é"}', 'x:y{a="b"}', 'rate{a="b"}',
    "by", "x or y and z unless w", "x > y == z", "x atan2 y", "sum(x) / sum(y) * 100", "scalar(x)",
    "x # c", "rate (x[5m])", "((x))", "x{}", "sum(x) by (a) / on (a) group_left (b) y", "START", "start",
    'x{a="{,\'[300]"}', "x offset 1h", "x1h", "x:5m", "0x5d * x", "2e3 * x", "x5m offset 5m",
    "rate(x[1w2d3h])", "x @ 5 offset 5m",
]  # fmt: skip
REFUSED = [
    '{"a.b"}', '{"a", b="c"}', 'x{"b.c"="d"}', "sum(x) + fill(0) sum(y)", "a + on(x) fill_left(0) b", "x[5m*2]",
    "x > 5m", "5m * x", "x offset 5m * 1h", "rate(x[300])", "x offset 300", "rate(x[5m] anchored)",
    "x offset step()", "1_000", "rate(x[1.5h])", '"a" "b"',
    'x{a=~"(?=x)"}', "é", "x /* c */", "x offset 1d offset 2d", "{}", "x[0s]", "x[5m", "rate(x[2h1d])",
    'x{a="b" b="c"}', "x y", "limitk(1,x)", "limit_ratio(0.5, x)", "info(x)", 'sort_by_label(x,"a")',
    "ts_of_min_over_time(x[5m])", "first_over_time(x[5m])", "end()", "range()", "max_of(1,2)", "histogram_avg(x)",
    "mad_over_time(x[5m])", "double_exponential_smoothing(x[5m],0.5,0.5)", 'x{a="b" or c="d"}', 'x{a=~"*"}',
]  # fmt: skip


def faults(query: str) -> list[str]:
    return [finding.message for finding in parse("query", query, needs_window=False)[1]]


def promtool(folder: Path, queries: Sequence[str]) -> subprocess.CompletedProcess[str]:
    rules = [{"record": f"r{at}", "expr": query} for at, query in enumerate(queries)]
    (folder / "rules.json").write_text(json.dumps({"groups": [{"name": "g", "rules": rules}]}))
    program = shutil.which("promtool") or pytest.fail("promtool is not installed; run: make setup")
    command: list[str | Path] = [program, "check", "rules", folder / "rules.json"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_is_accepted_prometheus_accepts(tmp_path: Path) -> None:
    assert {query: faults(query) for query in ACCEPTED if faults(query)} == {}

    done = promtool(tmp_path, ACCEPTED)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("query", REFUSED)
def test_what_prometheus_refuses_is_refused(tmp_path: Path, query: str) -> None:
    assert promtool(tmp_path, [query]).returncode != 0, "it is accepted by now; let it through"
    assert faults(query)

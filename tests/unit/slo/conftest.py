from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Protocol

import pytest

from gridobs.rules.render import render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gridobs.rules.model import RuleFile

GOOD = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: power-availability
spec:
  service: processor
  indicator:
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource:
            type: Prometheus
            spec:
              query: sum(rate(failed_total[{{.window}}]))
        total:
          metricSource:
            type: Prometheus
            spec:
              query: sum(rate(all_total[{{.window}}]))
  timeWindow:
    - duration: 30d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - target: 0.999
"""


@pytest.fixture
def good() -> str:
    """An SLO file without a fault."""
    return GOOD


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A sources folder with one good SLO, at ``slos/a.yaml``."""
    (tmp_path / "slos").mkdir()
    (tmp_path / "slos/a.yaml").write_text(GOOD)
    return tmp_path


AS_EXPECTED = 4242424242


class Check(Protocol):
    """Run rules over series in Prometheus' own engine, and compare what expressions give.

    ``values`` are ``(time, expression, expected)``; the expression gives one series, whose labels do not matter, and
    None expects none. Samples come as often as rules run, unless ``scraped`` says otherwise.
    """

    def __call__(
        self,
        rules: RuleFile,
        series: Mapping[str, str],
        values: Sequence[tuple[str, str, float | None]],
        *,
        every: str = "30s",
        scraped: str | None = None,
    ) -> None: ...


@pytest.fixture
def check(tmp_path: Path) -> Check:
    def check(
        rules: RuleFile,
        series: Mapping[str, str],
        values: Sequence[tuple[str, str, float | None]],
        *,
        every: str = "30s",
        scraped: str | None = None,
    ) -> None:
        (tmp_path / "rules.yaml").write_text(render(rules, "a test"))
        case = {
            "interval": scraped or every,
            "input_series": [{"series": name, "values": text} for name, text in series.items()],
            "promql_expr_test": [
                {
                    # AS_EXPECTED where it is, up to rounding, else what it is
                    "expr": f"(abs(sum({expression}) - {expected or 0:.17g}) < 1e-9) * 0 + {AS_EXPECTED}"
                    f" or sum({expression})",
                    "eval_time": time,
                    "exp_samples": [] if expected is None else [{"labels": "{}", "value": AS_EXPECTED}],
                }
                for time, expression, expected in values
            ],
        }
        file = {
            "rule_files": ["rules.yaml"],
            "evaluation_interval": every,
            "group_eval_order": [group.name for group in rules.groups],
            "tests": [case],
        }
        (tmp_path / "test.yaml").write_text(json.dumps(file))
        ran = subprocess.run(
            ["promtool", "test", "rules", tmp_path / "test.yaml"], capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr

    return check

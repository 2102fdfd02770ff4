from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

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

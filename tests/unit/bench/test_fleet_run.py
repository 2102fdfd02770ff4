"""The experiments of a fleet cover what can be simulated."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from gridobs.fleet.simulation.scenarios import SCENARIOS

ROOT = Path(__file__).parents[3]


def test_every_scenario_is_an_experiment() -> None:
    command = [sys.executable, str(ROOT / "bench" / "fleet" / "run.py"), "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.replace("-\n", "-")
    words = told.replace(",", " ").split()

    assert [] == [one.name for one in SCENARIOS if one.name != "none" and one.name not in words]
    assert "steady" in words

"""What the policy collector exposes after the batch and the status of its fixtures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.clock import Clock
from gridobs_exporters.pages import Request
from gridobs_exporters.policy.collector import PolicyCollector, PolicySettings
from gridobs_exporters.policy.counts import PathLimits
from gridobs_exporters.scrape import Scraper

from tests.exposition import exposed

if TYPE_CHECKING:
    from collections.abc import Callable


HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures/policy"


@pytest.fixture
def exposition() -> str:
    clock = Clock(wall=lambda: 1_763_866_800.0, monotonic=lambda: 0.0)
    settings = PolicySettings(paths=PathLimits(known=("energy/smartgrid/export_external",)))
    collector = PolicyCollector(settings, clock=clock)
    logs, status = collector.routes()
    state = json.loads((FIXTURES / "status.json").read_text())
    for route, body in (
        (logs, (FIXTURES / "decision_logs.json").read_bytes()),
        (status, json.dumps(state | {"metrics": {}}).encode()),
        (status, json.dumps(state).encode()),
    ):
        assert route.answer(Request(method="POST", path=route.path, body=body)).status == 200
    return exposed(Scraper([collector], version="0", clock=clock).scrape(timeout=5))


def test_the_exposition_is_the_golden_one(exposition: str, matches_golden: Callable[[Path, str], None]) -> None:
    ours = [line for line in exposition.splitlines(keepends=True) if "gridobs_policy_" in line]

    matches_golden(HERE / "exporters/policy.prom", "".join(ours))

"""The exposition of a node with one wasm container, byte for byte."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.clock import Clock
from gridobs_exporters.names import wasmedge as names
from gridobs_exporters.scrape import Scraper
from gridobs_exporters.wasmedge.cgroups import Cgroups
from gridobs_exporters.wasmedge.collector import WasmedgeCollector
from gridobs_exporters.wasmedge.identity import Workload
from gridobs_exporters.wasmedge.logs import Logs
from gridobs_exporters.wasmedge.presence import Presence
from gridobs_exporters.wasmedge.starts import Starts
from gridobs_exporters.wasmedge.tally import Tally
from gridobs_exporters.wasmedge.watch import Watch

from tests.exposition import exposed

if TYPE_CHECKING:
    from collections.abc import Callable


GOLDEN = Path(__file__).parent / "exporters" / "wasmedge.prom"
FIXTURES = Path(__file__).parents[1] / "fixtures" / "wasmedge"
CLOCK = Clock(wall=lambda: 1_700_000_000.0, monotonic=lambda: 100.0)
WORKLOAD = Workload(
    id="c1",
    sandbox=False,
    sandbox_id="s1",
    wasm=True,
    handler="wasmedge",
    namespace="power",
    pod="meter-0",
    container="app",
    cgroups_path="kubepods-burstable-pod0f5c_1.slice:cri-containerd:c1",
    log="power_meter-0_u/app/0.log",
)


@pytest.fixture(scope="module")
def exposition() -> str:
    """A container that started, logged two calls and was out of memory once, after a gap in the stream."""
    tally, presence = Tally(polled=False), Presence(streams=True, clock=CLOCK)
    for change in (presence.opened, presence.closed, presence.opened):
        change()
    presence.answered("1.7.20-k3s1")
    presence.add(WORKLOAD, 42)
    starts = Starts()
    starts.recorded("s1", 0)
    starts.started("s1", 50_000_000)
    starts.recorded("c1", 80_000_000)
    starts.created("c1", 120_000_000)
    starts.started("c1", 126_000_000)
    tally.started(WORKLOAD, starts.measure("c1", "s1"))
    tally.count(names.EVENTS, "/tasks/start")
    tally.count(names.OOM_EVENTS, *tally.labels(WORKLOAD))
    tally.ended(WORKLOAD, 137)
    logs = Logs(FIXTURES, most=1, tally=tally)
    logs.follow(WORKLOAD, started=1_795_404_659_990_000_000, from_start=True)
    logs.leave("c1")
    watch = Watch([], namespace="k8s.io", wasm_handlers=(), presence=presence, tally=tally, logs=logs, clock=CLOCK)
    collector = WasmedgeCollector(
        watch, presence=presence, tally=tally, cgroups=Cgroups(FIXTURES / "v2", proc=FIXTURES), most_pods=10
    )
    return exposed(Scraper([collector], version="0", clock=CLOCK).scrape(timeout=30))


def test_the_exposition_is_the_golden_one(exposition: str, matches_golden: Callable[[Path, str], None]) -> None:
    matches_golden(GOLDEN, exposition)


def test_every_series_that_is_declared_is_in_it(exposition: str) -> None:
    declared = {metric.name for metric in names.__dict__.values() if hasattr(metric, "help")}

    assert {name for name in declared if f"# HELP {name} " not in exposition} == set()


def test_promtool_finds_nothing_to_say(exposition: str) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        if os.environ.get("CI") == "true":
            pytest.fail("promtool is not installed, and CI must not skip")
        pytest.skip("promtool is not installed")
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=exposition, capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")

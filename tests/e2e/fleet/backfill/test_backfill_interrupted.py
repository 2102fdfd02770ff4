"""A back-fill that is killed half-way, and one beside which the sites go on living."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from gridobs import conventions as names
from gridobs.fleet.backfill.assembly import Options, assemble
from gridobs.fleet.egress.model import Egress, ExportedSeries
from gridobs.fleet.hub import render
from gridobs.slo.promql import PrometheusVersion
from tests.e2e.fleet.backfill import program
from tests.e2e.fleet.backfill.parts import (
    EVENTS,
    OLD_SAMPLES,
    SHARE,
    STEP,
    eventually,
    fleet_of,
    grid,
    history,
    mark_up,
)

if TYPE_CHECKING:
    from tests.e2e.fleet.backfill.parts import Gated, Running, Start

pytestmark = pytest.mark.e2e

HOUR = 3600
SITE = "sub-0001"
NAMES = (names.SITE_HEARTBEAT, SHARE, EVENTS)


def missing(edge: Running, hub: Running, *, until: int) -> int:
    """Points of the site up to ``until`` that the hub lacks or has otherwise."""
    count = 0
    for name in NAMES:
        held = hub.raw(name)
        for labels, points in edge.raw(name).items():
            at_hub = held.get(tuple(sorted((*labels, ("site", SITE), ("region", "north")))), {})
            count += sum(at_hub.get(at) != value for at, value in points.items() if at <= until)
    return count


def test_what_was_killed_goes_on_where_it_was_and_loses_nothing(
    start: Start, gated: Gated, egress: Egress, tmp_path: Path
) -> None:
    now = time.time()
    since = now - 600 - 4 * HOUR
    hub, edge = start(OLD_SAMPLES), start(OLD_SAMPLES)
    edge.write(*history(SITE, grid(now - 60, now - 45)))
    edge.write(*history(SITE, grid(since - HOUR, now - 60)))
    hub.write(*history(SITE, grid(now - 60, now - 45), at_hub=True))
    hub.write(*history(SITE, grid(since - HOUR, since), at_hub=True))
    hub.write(*history(SITE, grid(now - 600, now - 60), at_hub=True))
    mark_up(hub, SITE)
    gate = gated(edge.url, egress)
    arguments = [str(4 * HOUR + 2400), str(tmp_path / "journal.json"), SITE, gate.address]
    command = [sys.executable, "-m", program.__name__, hub.url]
    root = Path(__file__).parents[4]

    with subprocess.Popen([*command, "6000", *arguments], cwd=root) as process:
        eventually(lambda: len(gate.asked) >= 4, "four windows were asked for")
        process.kill()
    half = missing(edge, hub, until=int(now - 60) * 1000)
    asked = len(gate.asked)
    mark_up(hub, SITE)
    subprocess.run([*command, "1000000", *arguments], cwd=root, check=True, timeout=300)

    assert half > 0
    assert len(gate.asked) - asked <= 16 - 2  # of 16 windows, those that were written are not asked for again
    assert missing(edge, hub, until=int(now - 60) * 1000) == 0


def test_what_a_site_records_meanwhile_is_not_lost(
    start: Start, gated: Gated, egress: Egress, tmp_path: Path
) -> None:
    now = time.time()
    since = now - 120 - HOUR
    identity = {"site": SITE, "region": "north"}
    rules: list[dict[str, Any]] = [
        {"record": names.SITE_HEARTBEAT, "expr": "time()"},
        {"record": names.SITE_INFO, "expr": "vector(1)", "labels": identity},
    ]
    rules += [
        {"record": SHARE, "labels": {"group": f"{group:02d}"}, "expr": f"time() / {group + 7}"} for group in range(50)
    ]
    groups = [{"name": "site", "rules": rules}]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
    recording = {
        "global": {"evaluation_interval": f"{STEP}s", "external_labels": identity},
        "rule_files": [str(tmp_path / "rules.yaml")],
    }
    edge = start(OLD_SAMPLES | recording)
    edge.write(*history(SITE, grid(since - HOUR, now - 30)))
    info = ExportedSeries(name=names.SITE_INFO, labels=(), bound=1, interval=STEP, source="site-info.yaml")
    egress = Egress(series=(*egress.series, info))
    gate = gated(edge.url, egress)
    hub = start(OLD_SAMPLES | _pulling(gate.address, egress))
    hub.write(*history(SITE, grid(since - HOUR, since), at_hub=True))
    eventually(lambda: _newest(hub) > 1000 * now, "the hub pulls the site")
    fleet = fleet_of({SITE: gate.address}, outage_budget=int(time.time() - since) + 1500)

    newest = _newest(hub)
    (outcome,) = assemble(fleet, egress, hub.client, Options(), tls=None).run_once().outcomes

    assert (outcome.fault, outcome.left) == ("", 0)
    assert missing(edge, hub, until=newest) == 0
    eventually(lambda: _lives(edge, hub, after=newest), "the hub holds three samples in a row as the site has them")
    assert len(hub.raw(names.SITE_INFO)) == 1, "what is filled and what is pulled are one series"


def _lives(edge: Running, hub: Running, *, after: int) -> bool:
    """Whether the hub has three newer samples in a row of a series, as the site does; under load a pull may fail."""
    (recorded,) = edge.raw(f'{SHARE}{{group="00"}}').values()
    (pulled,) = hub.raw(f'{SHARE}{{group="00"}}').values()
    newer = sorted(at for at in recorded if at > after)
    return any(
        all(pulled.get(at) == recorded[at] for at in newer[begin : begin + 3]) for begin in range(len(newer) - 2)
    )


def _newest(hub: Running) -> int:
    return max((at for points in hub.raw(names.SITE_HEARTBEAT).values() for at in points), default=0)


def _pulling(address: str, egress: Egress) -> dict[str, Any]:
    """Pulls with what the rendered hub makes of labels."""
    fleet = fleet_of({SITE: address})
    files = {artifact.path.name: artifact.content for artifact in render(fleet, egress, PrometheusVersion.V2_42)}
    jobs = yaml.safe_load(files["prometheus.yml"])["scrape_configs"]
    (rendered,) = [job for job in jobs if job["job_name"] == names.JOB_EDGE]
    return {
        "scrape_configs": [
            {
                "job_name": names.JOB_EDGE,
                "metrics_path": "/federate",
                "scrape_interval": "5s",
                "static_configs": [{"targets": [address], "labels": {"site": SITE, "region": "north"}}],
                "metric_relabel_configs": rendered["metric_relabel_configs"],
            }
        ]
    }

"""``gridobs fleet backfill`` as people and systemd run it, at a real hub."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from gridobs import conventions as names
from gridobs.fleet import egress as egresses
from gridobs.fleet import inventory
from gridobs.fleet.backfill.series import Series
from tests.e2e.fleet.backfill.parts import OLD_SAMPLES, eventually, fleet_of, mark_up

if TYPE_CHECKING:
    from tests.e2e.fleet.backfill.parts import Gate, Gated, Running, Start

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[4]
SITE = "sub-0001"
INTERVAL = 30  # seconds between two samples, as the rules that ship record


def heartbeat(begin: float, end: float, *, at_hub: bool = False) -> Series:
    labels = {"__name__": names.SITE_HEARTBEAT} | ({"site": SITE, "region": "north"} if at_hub else {})
    seconds = range(int(begin // INTERVAL) * INTERVAL, int(end), INTERVAL)
    return Series(
        labels=tuple(sorted(labels.items())),
        times=tuple(1000 * at for at in seconds),
        values=tuple(float(at) for at in seconds),
    )


class Outage:
    """A site whose hub lacks half an hour, and the inventory of it."""

    def __init__(self, start: Start, gated: Gated, folder: Path) -> None:
        now = time.time()
        begin, cut, back = now - 7200, now - 3600, now - 1800
        self.hub: Running = start(OLD_SAMPLES)
        edge = start(OLD_SAMPLES)
        edge.write(heartbeat(begin, now))
        self.hub.write(heartbeat(back, now, at_hub=True))
        self.hub.write(heartbeat(begin, cut, at_hub=True))
        mark_up(self.hub, SITE)
        self.gate: Gate = gated(edge.url, egresses.derive(ROOT / "alerts"))
        self.inventory = folder / "fleet.yaml"
        self.inventory.write_text(inventory.dump(fleet_of({SITE: self.gate.address}, outage_budget=6600)))

    @property
    def command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "gridobs", "fleet", "backfill", "--plain-http", f"--inventory={self.inventory}"),
            *(f"--prometheus={self.hub.url}", f"--sources={ROOT / 'alerts'}"),
        ]

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command, *options], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
        )


@pytest.fixture
def outage(start: Start, gated: Gated, tmp_path: Path) -> Outage:
    return Outage(start, gated, tmp_path)


def test_a_hole_is_told_then_filled_then_gone(outage: Outage) -> None:
    told = outage.run("--dry-run", "--json")
    filled = outage.run("--once")
    again = outage.run("--once", "--json")

    (site,) = json.loads(told.stdout)["sites"]
    assert (told.returncode, site["site"], site["samples"]) == (0, SITE, 0)
    assert site["left_seconds"] == pytest.approx(1800, abs=2 * INTERVAL)
    assert filled.returncode == 0, filled.stderr
    assert "done" in filled.stdout
    assert "1 sites pulled; 1 holes at 1 sites; " in filled.stdout
    assert (again.returncode, json.loads(again.stdout)["sites"]) == (0, [])


def test_a_site_that_answers_garbage_is_a_finding(outage: Outage) -> None:
    outage.gate.answer = lambda _: (200, b"<html>")

    run = outage.run("--once")

    assert run.returncode == 1
    assert f"{SITE}: {outage.gate.address}/history: answers what is no matrix of Prometheus" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_service_fills_shows_its_figures_and_ends_when_told(outage: Outage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    with subprocess.Popen(
        [*outage.command, f"--listen-address={address}", "--spread=1s", "--every=1s"], cwd=ROOT
    ) as service:
        try:
            eventually(lambda: _figure(address, names.BACKFILL_HOLES_FILLED) == 1, "the hole is filled")
            samples = _figure(address, names.BACKFILL_SAMPLES)
        finally:
            service.send_signal(signal.SIGTERM)
        assert service.wait(60) == 0

    assert samples == pytest.approx(1800 / INTERVAL, abs=2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--json"], "add --once or --dry-run"),
        (["--once", "--site=sub-9999"], "sub-9999: no site"),
        (["--listen-address=here"], "write it like 127.0.0.1:9810"),
        (["--once", "--journal=/dev/null/x"], "name another with --journal"),
    ],
)
def test_wrong_usage_is_said_with_its_cure(options: list[str], said: str, outage: Outage) -> None:
    run = outage.run(*options)

    assert run.returncode == 2
    assert said in run.stderr
    assert "Traceback" not in run.stderr


def _figure(address: str, name: str) -> float | None:
    try:
        lines = requests.get(f"http://{address}/metrics", timeout=5).text.splitlines()
    except requests.RequestException:
        return None
    return next((float(line.split()[1]) for line in lines if line.startswith(f"{name} ")), None)

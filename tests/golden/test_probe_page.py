"""What the page /probe looks like, and that promtool has nothing to say about it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.mqtt.blackbox.delivery import tally
from gridobs_exporters.mqtt.blackbox.dial import TlsFacts
from gridobs_exporters.mqtt.blackbox.findings import Findings
from gridobs_exporters.mqtt.capabilities import capabilities
from gridobs_exporters.pages import Request
from gridobs_exporters.web.metrics import render

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent / "exporters"
SENT = {number: 0.001 * number for number in range(4)}
CHECKS = ("retained", "session_resume", "shared_subscription", "wrong_password")
CASES = {
    "probe.prom": Findings(
        phases={"resolve": 0.002, "tcp": 0.001, "tls": 0.006, "connack": 0.001, "suback": 0.001, "deliver": 0.004}
        | {"puback": 0.003},
        address="fd00::1",
        tls=TlsFacts(version="TLS 1.3", cipher="TLS_AES_256_GCM_SHA384", earliest_expiry=1_800_000_000.0),
        connack_reason=0,
        capabilities=capabilities(None, keepalive=10, session_expiry=0),
        tallies={
            0: tally(SENT, [(0, 0.004), (1, 0.005), (3, 0.006)]),
            1: tally(SENT, [(0, 0.004), (1, 0.005), (1, 0.005), (2, 0.007), (3, 0.009)]),
        },
        checks=dict.fromkeys(CHECKS),
    ),
    "probe-that-finds-faults.prom": Findings(
        phases={"resolve": 0.002, "tcp": 0.001, "connack": 0.001, "suback": 0.001},
        address="10.0.0.7",
        connack_reason=0,
        capabilities={"maximum_qos": 1, "retain_available": 0, "shared_subscription_available": 0},
        tallies={1: tally(SENT, [])},
        failures={
            "qos1": "puback: 0x87 Not authorized",
            "retained": "the broker says it retains nothing",
            "wrong_password": "the broker let a wrong password in",
        },
        checks={"retained": "the broker says it retains nothing", "session_resume": None}
        | {"wrong_password": "the broker let a wrong password in"},
    ),
    "probe-that-is-refused.prom": Findings(
        phases={"resolve": 0.002, "tcp": 0.001, "connack": 0.001},
        address="10.0.0.7",
        connack_reason=0x87,
        failures={"connack": "0x87 Not authorized"},
    ),
}


def shown(findings: Findings) -> str:
    families, _ = findings.samples(duration=0.05, timeout=4.5).families()
    return render(families, Request(method="GET", path="/probe")).body.decode()


@pytest.mark.parametrize("name", CASES)
def test_the_page_looks_like(name: str, matches_golden: Callable[[Path, str], None]) -> None:
    matches_golden(FOLDER / name, shown(CASES[name]))


@pytest.mark.parametrize("name", CASES)
def test_promtool_has_nothing_to_say(name: str) -> None:
    promtool = shutil.which("promtool") or pytest.fail("promtool is not installed; run: make setup")
    done = subprocess.run(
        [promtool, "check", "metrics"], input=shown(CASES[name]), capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")

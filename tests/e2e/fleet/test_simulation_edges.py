"""The simulated edges as a scraper sees them: a process, sockets, TLS."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import requests

from gridobs import conventions as names
from gridobs.fleet.egress.model import Egress, ExportedSeries
from gridobs.fleet.model import Fleet, Hub
from gridobs.fleet.simulation import certificates
from gridobs.fleet.simulation.addresses import build_fleet
from gridobs.fleet.simulation.behaviours import CLAIMED_SITE, RAW_SERIES, Behaviour
from gridobs.fleet.simulation.control import Control
from gridobs.fleet.simulation.plan import EdgesPlan
from gridobs.fleet.simulation.shape import choose_series
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e

SERIES = 40
_PATIENCE = 60.0
EGRESS = Egress(
    series=tuple(
        ExportedSeries(name=name, labels=("slo",) if "slo" in name else (), bound=1, interval=30, source=source)
        for name, source in (
            (names.SITE_HEARTBEAT, "alerts/rules/site.yaml"),
            (names.SITE_INFO, "alerts/rules/site.yaml"),
            (names.SLO_RAW_TOTAL, "alerts/slos/power-accuracy.yaml"),
        )
    )
)


@dataclass(frozen=True)
class Edges:
    fleet: Fleet
    control: Control
    process: subprocess.Popen[bytes]
    tls: Path | None

    def get(
        self, number: int, path: str = "/federate", *, timeout: float = 30, gzip: bool = True
    ) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            if self.tls:
                session.verify = str(self.tls / "ca.crt")
                session.cert = (str(self.tls / f"{certificates.HUB}.crt"), str(self.tls / f"{certificates.HUB}.key"))
            scheme = "https" if self.tls else "http"
            headers = {"Accept-Encoding": "gzip" if gzip else "identity"}
            url = f"{scheme}://{self.fleet.sites[number].address}{path}"
            return session.get(url, timeout=timeout, headers=headers)

    def behave(self, number: int, behaviour: Behaviour, *, seconds: float = 0) -> None:
        self.control.behave([self.fleet.sites[number].id], behaviour, seconds=seconds)


def start(folder: Path, *, tls: bool) -> Edges:
    fleet = build_fleet(sites=6, port=free_port(), hub=Hub())
    control = free_port()
    certified = folder / "tls" if tls else None
    plan = EdgesPlan.of(fleet, choose_series(EGRESS, SERIES), interval=30, control=control, tls=certified)
    if certified:
        certificates.issue(certified, sites=plan.sites, openssl="openssl")
    file = folder / "plan.json"
    file.write_text(plan.dump())
    process = subprocess.Popen([sys.executable, "-m", "gridobs.fleet.simulation.edges", str(file)])
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None
        try:
            socket.create_connection(("127.0.0.1", control), timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    return Edges(fleet, Control(control), process, certified)


def stop(edges: Edges) -> None:
    edges.process.terminate()
    edges.process.wait(_PATIENCE)


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "tls"])
def edges(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edges]:
    started = start(tmp_path_factory.mktemp("edges"), tls=request.param)
    yield started
    stop(started)


@pytest.fixture(autouse=True)
def _well(edges: Edges) -> Iterator[None]:
    """Each test finds all edges well."""
    yield
    edges.control.behave([site.id for site in edges.fleet.sites], Behaviour.OK)


def samples(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_every_site_tells_its_own_series(edges: Edges) -> None:
    for number, site in enumerate(edges.fleet.sites):
        told = samples(edges.get(number).text)

        assert SERIES == len(told)
        assert all(f'region="{site.region}",site="{site.id}"' in line for line in told)


def test_only_federate_is_answered(edges: Edges) -> None:
    assert 403 == edges.get(0, "/api/v1/query").status_code


def test_who_does_not_take_gzip_gets_the_same_without(edges: Edges) -> None:
    packed, plain = edges.get(0), edges.get(0, gzip=False)

    assert ("gzip", None) == tuple(one.headers.get("Content-Encoding") for one in (packed, plain))
    assert len(samples(packed.text)) == len(samples(plain.text))


@pytest.mark.parametrize("behaviour", [Behaviour.REFUSE, Behaviour.HANG])
def test_what_is_dark_gives_nothing_and_comes_back(edges: Edges, behaviour: Behaviour) -> None:
    edges.behave(0, behaviour)

    with pytest.raises(requests.RequestException):
        edges.get(0, timeout=1)

    edges.behave(0, Behaviour.OK)

    assert edges.get(0).ok
    assert edges.get(1).ok


def test_a_slow_site_takes_its_time_and_answers_whole(edges: Edges) -> None:
    edges.behave(0, Behaviour.SLOW, seconds=2)
    began = time.monotonic()
    told = samples(edges.get(0).text)

    assert SERIES == len(told)
    assert time.monotonic() - began > 1


def test_hostile_edges_say_what_they_must_not(edges: Edges) -> None:
    edges.behave(0, Behaviour.CLAIM)
    edges.behave(1, Behaviour.RAW)
    edges.behave(2, Behaviour.FLOOD)

    assert all(f'site="{CLAIMED_SITE}"' in line for line in samples(edges.get(0).text))
    assert any(line.startswith(RAW_SERIES) for line in samples(edges.get(1).text))
    flooded = samples(edges.get(2).text)
    assert len(flooded) > 20_000 == len(set(flooded)) - SERIES


def test_garbage_and_huge_bodies_come_with_success(edges: Edges) -> None:
    edges.behave(0, Behaviour.GARBAGE)
    edges.behave(1, Behaviour.HUGE)

    assert edges.get(0).content.startswith(b"<html>\xff")
    assert len(edges.get(1).content) > 10_000_000


@pytest.mark.parametrize(("behaviour", "hours"), [(Behaviour.AHEAD, 1), (Behaviour.BEHIND, -1)])
def test_a_wrong_clock_is_an_hour_off(edges: Edges, behaviour: Behaviour, hours: int) -> None:
    edges.behave(0, behaviour)
    at = {int(line.rpartition(" ")[2]) / 1000 for line in samples(edges.get(0).text)}

    assert len(at) == 1
    assert abs(at.pop() - time.time() - 3600 * hours) < 300


def test_answers_and_bytes_are_counted(edges: Edges) -> None:
    site = edges.fleet.sites[5].id
    before = edges.control.counts()[site]
    body = int(edges.get(5).headers["Content-Length"])
    after = edges.control.counts()[site]

    assert (1, 1) == (after.requests - before.requests, after.answered - before.answered)
    assert body == after.body_bytes - before.body_bytes
    assert body < after.wire_bytes - before.wire_bytes < body + 1000


def test_without_a_client_certificate_nothing_is_told(tmp_path: Path) -> None:
    started = start(tmp_path, tls=True)
    try:
        with requests.Session() as session:
            session.trust_env = False
            session.verify = str(tmp_path / "tls" / "ca.crt")
            url = f"https://{started.fleet.sites[0].address}/federate"

            with pytest.raises(requests.RequestException):
                session.get(url, timeout=10)
    finally:
        stop(started)


def test_it_ends_with_status_0_on_a_signal(tmp_path: Path) -> None:
    started = start(tmp_path, tls=False)

    started.process.send_signal(signal.SIGINT)

    assert 0 == started.process.wait(_PATIENCE)

"""A storm of alerts through a real Alertmanager with the rendered configuration: how often is somebody told?"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

from gridobs import conventions as names
from gridobs.errors import MissingPrograms
from gridobs.fleet.hub import Notifications, alertmanager
from gridobs.fleet.model import Fleet
from gridobs.testbed.http_api import responds
from gridobs.testbed.processes import LOOPBACK, Process, find_programs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REGIONS, SITES_EACH = 6, 50
PATIENCE_SECONDS = 120
QUIET_SECONDS = 5
GROUP_WAIT_SECONDS = 5

Alert = dict[str, str]


def site_dark(site: int, region: str) -> Alert:
    return {
        "alertname": names.HUB_ALERT_SITE_DARK,
        "site": f"sub-{site:04}",
        "region": region,
        "severity": "ticket",
        "scope": "site",
        "service": "federation",
    }


def region_out(region: str) -> Alert:
    labels = {"severity": "page", "scope": "region", "service": "federation"}
    return {"alertname": names.HUB_ALERT_REGION_WAN_OUTAGE, "region": region, **labels}


UPLINK: Alert = {
    "alertname": names.HUB_ALERT_UPLINK_DOWN,
    "severity": "page",
    "scope": "fleet",
    "service": "federation",
}
DARK_IN_REGIONS = [
    site_dark(region * SITES_EACH + site, f"region-{region}")
    for region in range(REGIONS)
    for site in range(SITES_EACH)
]
STORM = [
    *DARK_IN_REGIONS,
    *(region_out(f"region-{region}") for region in range(REGIONS)),
    site_dark(9_999, "elsewhere"),
]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1_024  # hundreds come at once


class Pager:
    """Counts notifications by receiver and alert name."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        told, lock = self.told, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                message = yaml.safe_load(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    told.append((self.path.strip("/"), message["alerts"][0]["labels"]["alertname"]))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = Server((LOOPBACK, 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


Told = list[tuple[str, str]]


@pytest.fixture
def told_of(tmp_path: Path) -> Iterator[Callable[..., Told]]:
    """Post alerts to an Alertmanager of its own and give who was told of what, in order, once all is quiet."""
    try:
        programs = find_programs({"prometheus-alertmanager": ("prometheus-alertmanager", "alertmanager")})
    except MissingPrograms as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
    with contextlib.ExitStack() as stack:

        def post(
            alerts: list[Alert], change: Callable[[dict[str, Any]], None] = lambda _: None, *, at_least: int = 1
        ) -> Told:
            pager = Pager()
            stack.callback(pager.close)
            notifications = Notifications(
                url=f"http://{LOOPBACK}:{pager.port}/{{receiver}}", credentials="", group_wait=GROUP_WAIT_SECONDS
            )
            fleet = Fleet(regions=(), sites=())
            configuration = yaml.safe_load(alertmanager.configuration(fleet, notifications))
            change(configuration)
            file = tmp_path / f"{pager.port}.yml"
            file.write_text(yaml.safe_dump(configuration))
            with socket.create_server((LOOPBACK, 0)) as server:
                port = server.getsockname()[1]
            url = f"http://{LOOPBACK}:{port}"
            process = Process(
                "alertmanager",
                [
                    programs["prometheus-alertmanager"],
                    f"--config.file={file}",
                    f"--storage.path={tmp_path / str(port)}",
                    f"--web.listen-address={LOOPBACK}:{port}",
                    "--cluster.listen-address=",
                ],
                log=tmp_path / f"{port}.log",
            )
            stack.callback(process.stop)
            process.start()
            process.wait_until(lambda: responds(f"{url}/-/ready"), "get ready")
            _post(url, alerts)
            _post(url, [{"alertname": "Sentinel", "severity": "ticket"}])
            _settle(pager, at_least)
            return sorted(one for one in pager.told if one[1] != "Sentinel")

        yield post


def _post(url: str, alerts: list[Alert]) -> None:
    body = [{"labels": labels, "annotations": {"summary": "a test"}} for labels in alerts]
    requests.post(f"{url}/api/v2/alerts", json=body, timeout=30).raise_for_status()


def _settle(pager: Pager, at_least: int) -> None:
    """Wait for the sentinel, which is the last that is due, and until no more comes."""
    until = time.monotonic() + PATIENCE_SECONDS
    seen, since = -1, time.monotonic()
    while time.monotonic() < until:
        if len(pager.told) != seen:
            seen, since = len(pager.told), time.monotonic()
        all_due = ("ticket", "Sentinel") in pager.told and len(pager.told) > at_least
        if all_due and time.monotonic() - since > QUIET_SECONDS:
            return
        time.sleep(0.2)
    pytest.fail(f"not quiet after {PATIENCE_SECONDS} s; told {seen} times")


def ungrouped(configuration: dict[str, Any]) -> None:
    configuration["route"]["group_by"] = ["..."]
    configuration["inhibit_rules"] = []


@pytest.mark.e2e
def test_300_dark_sites_in_6_regions_and_one_elsewhere_are_7_notifications(told_of: Callable[..., Told]) -> None:
    told = told_of(STORM)

    assert told == [*[("page", names.HUB_ALERT_REGION_WAN_OUTAGE)] * 6, ("ticket", names.HUB_ALERT_SITE_DARK)]


@pytest.mark.e2e
def test_with_the_uplink_of_the_hub_down_they_are_1(told_of: Callable[..., Told]) -> None:
    assert told_of([*STORM, UPLINK]) == [("page", names.HUB_ALERT_UPLINK_DOWN)]


@pytest.mark.e2e
def test_without_grouping_and_inhibition_they_are_307(told_of: Callable[..., Told]) -> None:
    assert len(told_of(STORM, ungrouped, at_least=307)) == 307


@pytest.mark.e2e
def test_a_dark_site_explains_what_else_is_said_of_it_and_of_no_other(told_of: Callable[..., Told]) -> None:
    def flapping(site: int) -> Alert:
        return site_dark(site, "elsewhere") | {"alertname": names.HUB_ALERT_SITE_FLAPPING}

    told = told_of([site_dark(1, "elsewhere"), flapping(1), flapping(2)])

    assert told == [("ticket", names.HUB_ALERT_SITE_DARK), ("ticket", names.HUB_ALERT_SITE_FLAPPING)]


@pytest.mark.e2e
def test_a_site_that_is_refused_is_told_as_that_and_not_as_dark(told_of: Callable[..., Told]) -> None:
    refused = site_dark(1, "elsewhere") | {"alertname": names.HUB_ALERT_SITE_LIMIT_REACHED}

    assert told_of([site_dark(1, "elsewhere"), refused]) == [("ticket", names.HUB_ALERT_SITE_LIMIT_REACHED)]


@pytest.mark.e2e
def test_an_objective_that_burns_in_the_fleet_is_not_told_again_for_each_region(told_of: Callable[..., Told]) -> None:
    def burning(slo: str, **more: str) -> Alert:
        return {"slo": slo, "service": "power-data-processor", "severity": "ticket", **more}

    told = told_of(
        [
            burning("power-accuracy", alertname=names.HUB_ALERT_FLEET_BUDGET_BURN, scope="fleet"),
            burning("power-accuracy", alertname=names.HUB_ALERT_REGION_BUDGET_BURN, scope="region", region="north"),
            burning("power-freshness", alertname=names.HUB_ALERT_REGION_BUDGET_BURN, scope="region", region="south"),
        ]
    )

    assert told == [("ticket", names.HUB_ALERT_FLEET_BUDGET_BURN), ("ticket", names.HUB_ALERT_REGION_BUDGET_BURN)]


@pytest.mark.e2e
def test_the_watchdog_has_a_receiver_of_its_own(told_of: Callable[..., Told]) -> None:
    watchdog = {"alertname": names.HUB_ALERT_WATCHDOG, "severity": "info", "scope": "fleet", "service": "federation"}

    assert told_of([watchdog]) == [("watchdog", names.HUB_ALERT_WATCHDOG)]

"""A real Prometheus with the rendered configuration, and sites of every kind that it pulls over mutual TLS."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gridobs import artifacts
from gridobs import conventions as names
from gridobs.fleet import hub
from gridobs.fleet.model import Fleet, Hub, Region, Site, State
from gridobs.prometheus import Client
from gridobs.slo.promql import PrometheusVersion
from gridobs.testbed.http_api import responds
from gridobs.testbed.processes import LOOPBACK, Process
from tests.e2e.fleet.hub_edges import Edge, Says, make_certificates
from tests.ports import free_port
from tests.unit.fleet.hub.conftest import egress as egress  # noqa: PLC0414 - a fixture is used by its name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gridobs.fleet.egress.model import Egress

PATIENCE_SECONDS = 120
HONEST, SPOOFER, GONE, STALE, FLOOD, MANY = (f"sub-{number:04}" for number in range(1, 7))
SICK, MAINTAINED, AHEAD, GARBAGE, WRONG_HOST, BEHIND, FAR_AHEAD, NAMELESS = (
    f"sub-{number:04}" for number in range(7, 15)
)
STATES = {
    HONEST: names.STATE_LIVE,
    SPOOFER: names.STATE_STALE,
    GONE: names.STATE_DARK,
    STALE: names.STATE_STALE,
    FLOOD: names.STATE_DARK,
    MANY: names.STATE_DARK,
    SICK: names.STATE_UNHEALTHY,
    MAINTAINED: names.STATE_MAINTENANCE,
    GARBAGE: names.STATE_DARK,
    WRONG_HOST: names.STATE_DARK,
    BEHIND: names.STATE_STALE,
    FAR_AHEAD: names.STATE_STALE,
    NAMELESS: names.STATE_STALE,
}
SAID = {
    HONEST: Says(claims=HONEST, bad=1),
    SPOOFER: Says(
        claims=HONEST, bad=900, more=[f'site:heartbeat:time{{site="{HONEST}",exported_site="{HONEST}"}} 7']
    ),
    GONE: Says(claims=GONE, bad=500),
    STALE: Says(claims=STALE, beats=False),
    FLOOD: Says(claims=FLOOD, more=[f'site:x:count{{n="{number:0200}"}} 1' for number in range(50_000)]),
    MANY: Says(claims=MANY, more=[f'site:targets:count{{site="{MANY}",n="{n}"}} 1' for n in range(400)]),
    SICK: Says(claims=SICK, pages=2),
    MAINTAINED: Says(claims=MAINTAINED, pages=2),
    AHEAD: Says(claims=AHEAD, clock=180),
    GARBAGE: Says(claims=GARBAGE, instead="<html>502 Bad Gateway</html>\n" * 20),
    WRONG_HOST: Says(claims=WRONG_HOST),
    BEHIND: Says(claims=BEHIND, clock=-3_600),
    FAR_AHEAD: Says(claims=FAR_AHEAD, clock=3_600),
    NAMELESS: Says(claims=None),
}


class Watched:
    """A hub that has pulled every edge; ``last`` is what it still showed of one when that was in no sum any more."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.last: dict[str, float] = {}

    def values(self, query: str, label: str = names.LABEL_SITE) -> dict[str, float]:
        return {one.labels.get(label, ""): one.value for one in self.client.query(query)}

    def wait(self, query: str, expected: dict[str, float], label: str = names.LABEL_SITE) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while (found := self.values(query, label)) != expected:
            if time.monotonic() > until:
                pytest.fail(f"{query} gives {found}, not {expected}")
            time.sleep(0.5)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for program in ("prometheus", "openssl"):
        if not shutil.which(program) and os.environ.get("CI") != "true":
            pytest.skip(f"{program} is not installed; make setup installs it")
    folder = tmp_path_factory.mktemp("tls")
    make_certificates(folder)
    return folder


def edge(says: Says, tls: Path, certificate: str = "tls") -> Edge:
    return Edge(
        says, certificate=tls / f"{certificate}.crt", key=tls / f"{certificate}.key", authority=tls / "ca.crt"
    )


def start(stack: contextlib.ExitStack, folder: Path, port: int, *flags: str) -> Client:
    """A Prometheus with the configuration in ``folder``, once it is ready."""
    process = Process(
        "prometheus",
        [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{port}",
            *flags,
        ],
        log=folder / "log",
    )
    stack.callback(process.stop)
    process.start()
    process.wait_until(lambda: responds(f"http://{LOOPBACK}:{port}/-/ready"), "get ready")
    return Client(f"http://{LOOPBACK}:{port}")


def fleet_of(edges: dict[str, Edge], hub_: Hub) -> Fleet:
    return Fleet(
        regions=(Region(name="north"),),
        sites=tuple(
            Site(
                id=site,
                region="north",
                address=one.address,
                state=State.MAINTENANCE if site == MAINTAINED else State.LIVE,
            )
            for site, one in edges.items()
        ),
        hub=hub_,
    )


QUICK = Hub(scrape_interval=3, scrape_timeout=3, evaluation_interval=1)


@pytest.fixture(scope="module")
def watched(tls: Path, tmp_path_factory: pytest.TempPathFactory, sent: Egress) -> Iterator[Watched]:
    """A hub whose sites have all been pulled; then one of them went dark."""
    with contextlib.ExitStack() as stack:
        edges = {site: edge(says, tls, "wrong" if site == WRONG_HOST else "tls") for site, says in SAID.items()}
        for one in edges.values():
            stack.callback(one.close)
        port = free_port()
        settings = hub.Settings(tls_folder=str(tls), own_address=f"{LOOPBACK}:{port}")
        folder = tmp_path_factory.mktemp("hub")
        files = hub.render(fleet_of(edges, QUICK), sent, PrometheusVersion.V2_42, settings=settings)
        artifacts.write(files, folder)
        client = start(stack, folder / "hub/shard-0", port, "--enable-feature=extra-scrape-metrics")
        made = Watched(client)
        made.wait(f'{names.SITE_STATE}{{site="{GONE}",state="live"}}', {GONE: 1})
        made.wait("region:slo_period_bad:sum", {"north": 501}, names.LABEL_REGION)
        edges[GONE].close()
        made.wait(f'{names.SITE_STATE}{{site="{GONE}",state="dark"}}', {GONE: 1})
        made.wait("region:slo_period_bad:sum", {"north": 1}, names.LABEL_REGION)  # that of the honest one
        made.last = made.values(f'{names.SLO_PERIOD_BAD}{{site="{GONE}"}}')
        yield made


@pytest.fixture(scope="module")
def sent() -> Egress:
    return egress.__wrapped__()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.e2e
def test_every_site_is_in_the_state_that_it_is_in(watched: Watched) -> None:
    watched.wait(f'count by (site) ({names.SITE_STATE}{{site!="{AHEAD}"}})', dict.fromkeys(STATES, 1))
    for site, state in STATES.items():
        watched.wait(f'{names.SITE_STATE}{{site="{site}",state="{state}"}}', {site: 1})


@pytest.mark.e2e
def test_what_is_stored_of_a_site_has_its_own_labels_and_those_of_the_hub_alone(watched: Watched) -> None:
    stored = watched.client.series([f'{{site="{HONEST}"}}'], time.time() - 600, time.time())
    pulled = [
        one
        for one in stored
        if not one["__name__"].startswith(("site:state", "site:expected", "scrape_", "up", "ALERTS"))
    ]
    labels = {tuple(sorted(one)) for one in pulled if one["__name__"] == names.SLO_PERIOD_BAD}

    assert labels == {("__name__", "region", "service", "site", "slo")}
    assert {one["region"] for one in pulled} == {"north"}
    assert not [one for one in pulled if {"job", "instance", "pod", "exported_site", "exported_region"} & one.keys()]


@pytest.mark.e2e
def test_an_edge_that_claims_to_be_another_site_is_stored_0_times_and_alerted(watched: Watched) -> None:
    claimed = f'site_info{{site="{SPOOFER}"}}'

    watched.wait(f'ALERTS{{alertname="{names.HUB_ALERT_SITE_IDENTITY_MISMATCH}",alertstate="firing"}}', {SPOOFER: 1})
    assert [one.labels["claimed_site"] for one in watched.client.query(claimed)] == [HONEST]
    assert watched.values(f'count by (site) ({{site="{SPOOFER}",__name__=~"slo:.+|site:heartbeat:time"}})') == {}
    assert watched.values(f'max by (site) (max_over_time({names.SLO_PERIOD_BAD}{{site="{HONEST}"}}[10m]))') == {
        HONEST: 1
    }
    assert watched.values(f'count by (site) ({names.SLO_PERIOD_BAD}{{site="{HONEST}"}})') == {HONEST: 1}


@pytest.mark.e2e
def test_an_edge_that_does_not_say_who_it_is_is_not_heard(watched: Watched) -> None:
    assert watched.values(f'count by (site) ({{site="{NAMELESS}",__name__=~"slo:.+|site:heartbeat:time"}})') == {}


@pytest.mark.e2e
def test_raw_series_do_not_get_in(watched: Watched) -> None:
    assert watched.client.series(["iot_canary_secret"], time.time() - 600, time.time() + 600) == []
    assert watched.client.label_values("device_id") == []


@pytest.mark.e2e
def test_the_last_values_of_a_dark_site_are_there_and_in_no_sum(watched: Watched) -> None:
    assert watched.last == {GONE: 500}


@pytest.mark.e2e
def test_an_answer_that_is_too_long_is_refused_and_seen(watched: Watched) -> None:
    refused = "prometheus_target_scrapes_exceeded_body_size_limit_total > bool 0"

    watched.wait(f"sum({refused})", {"": 1})
    watched.wait(
        f'count by (site) (ALERTS{{alertname="{names.HUB_ALERT_SITE_LIMIT_REACHED}"}})',
        dict.fromkeys((FLOOD, MANY), 1),
    )
    assert watched.values(f'count by (site) ({{site=~"{FLOOD}|{MANY}",__name__=~"slo:.+|site:targets:count"}})') == {}


@pytest.mark.e2e
def test_clocks_that_are_wrong_are_alerted_whether_ahead_behind_or_refused(watched: Watched) -> None:
    query = f'count by (site) (ALERTS{{alertname="{names.HUB_ALERT_SITE_CLOCK_SKEW}"}})'

    watched.wait(query, dict.fromkeys((AHEAD, BEHIND, FAR_AHEAD), 1))


@pytest.mark.e2e
def test_a_gate_with_a_certificate_for_another_host_is_not_believed(watched: Watched) -> None:
    assert watched.values(f'up{{job="{names.JOB_EDGE}",site="{WRONG_HOST}"}}') == {WRONG_HOST: 0}


@pytest.mark.e2e
def test_a_site_in_maintenance_is_in_no_alert(watched: Watched) -> None:
    assert watched.values(f'ALERTS{{site="{MAINTAINED}"}}') == {}


def two_ports() -> str:
    """What comes before ``0`` and ``1`` in the numbers of two free ports."""
    for tens in range(2_000, 3_000):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for last in range(2):
                stack.enter_context(socket.create_server((LOOPBACK, 10 * tens + last)))
            return str(tens)
    pytest.fail("no two neighbouring ports are free")


@pytest.mark.e2e
def test_the_global_tier_over_two_shards_has_the_sums_that_one_hub_would_have(
    tls: Path, tmp_path: Path, sent: Egress
) -> None:
    bad = {f"sub-{20 + number:04}": number for number in range(1, 9)}
    with contextlib.ExitStack() as stack:
        edges = {site: edge(Says(claims=site, bad=count), tls) for site, count in bad.items()}
        for one in edges.values():
            stack.callback(one.close)
        ports = two_ports()
        settings = hub.Settings(tls_folder=str(tls), shard_address=f"{LOOPBACK}:{ports}{{shard}}")
        fleet = fleet_of(edges, replace(QUICK, shards=2))
        artifacts.write(hub.render(fleet, sent, PrometheusVersion.V2_42, settings=settings), tmp_path)
        shards = [Watched(start(stack, tmp_path / f"hub/shard-{n}", int(f"{ports}{n}"))) for n in range(2)]
        top = Watched(start(stack, tmp_path / "hub/global", free_port()))

        top.wait("region:slo_period_bad:sum", {"north": sum(bad.values())}, names.LABEL_REGION)
        top.wait("fleet:slo_period_error:ratio", {"power-availability": sum(bad.values()) / 8_000}, names.LABEL_SLO)
        top.wait("fleet:sites:count", {names.STATE_LIVE: 8}, names.LABEL_STATE)
        top.wait("fleet:slo_sites_covered:ratio", {"power-availability": 1}, names.LABEL_SLO)

        parts = [one.values("region:slo_period_bad:sum", names.LABEL_REGION)["north"] for one in shards]
        assert (sum(parts), min(parts) > 0) == (sum(bad.values()), True)
        assert top.client.series(['{site!=""}'], time.time() - 600, time.time() + 600) == []

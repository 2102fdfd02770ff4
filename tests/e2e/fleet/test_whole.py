"""Two real sites, gates, a hub and the back-fill: what a cut of the WAN leaves right, and what is mended after it."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gridobs import artifacts, prometheus
from gridobs import conventions as names
from gridobs.fleet import edge, hub, inventory
from gridobs.fleet import egress as egresses
from gridobs.fleet.backfill.holes import Tempo
from gridobs.fleet.edge import pki
from gridobs.fleet.model import Fleet, Hub, Region, Site
from gridobs.rules.handwritten import load_rules
from gridobs.slo.catalogue import compile_catalogue
from gridobs.slo.model import CompileOptions
from gridobs.slo.promql import PrometheusVersion
from gridobs.testbed.http_api import responds
from gridobs.testbed.processes import LOOPBACK, Process, accepts
from tests.e2e.fleet.edge_parts import Authority, Parts, program
from tests.e2e.fleet.edge_parts import parts as parts  # noqa: PLC0414 - a fixture is used by its name
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridobs.fleet.egress.model import Egress

ROOT = Path(__file__).parents[3]
INTERVAL = 3  # seconds: of scrapes, rules and pulls
EVERY = f"{INTERVAL}s"
TEMPO = Tempo(interval=INTERVAL, pull=INTERVAL)
HOLE_SECONDS = 24
PATIENCE_SECONDS = 120.0
CUT, OTHER = "sub-0001", "sub-0002"
CANARY = "power_secret_canary"
OBJECTIVES = frozenset({"power-accuracy", "power-availability", *(f"power-latency-{one}" for one in ("p50", "p99"))})
PERIOD = (names.SLO_PERIOD_BUDGET_REMAINING, names.SLO_PERIOD_BAD, names.SLO_PERIOD_TOTAL)
EVENTS = (names.SLO_RAW_TOTAL, names.SLO_RAW_BAD)
SUMS = {names.SLO_PERIOD_BAD: f"region:{names.HUB_SLO_BAD}", names.SLO_PERIOD_TOTAL: f"region:{names.HUB_SLO_TOTAL}"}

Points = dict[int, float]
"""Values by milliseconds since 1970."""


def eventually(true: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < until, f"not within {PATIENCE_SECONDS:g} s: {what}"
        time.sleep(0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Events a second at a processor, and the shares of them that fail, are wrong, and are late."""

    rate: int
    failed: float
    incorrect: float
    late: float

    def exposition(self, seconds: float) -> str:
        """What a processor that has run for ``seconds`` says."""
        events = int(self.rate * seconds)
        late = int(events * self.late)
        latency = names.POWER_PROCESSING_LATENCY
        samples = {
            names.POWER_RECORDS: events,
            names.POWER_RECORDS_FAILED: int(events * self.failed),
            names.POWER_SAMPLES_CHECKED: events // 2,
            names.POWER_SAMPLES_INCORRECT: int(events // 2 * self.incorrect),
            f'{latency}_bucket{{le="0.02"}}': events - 2 * late,
            f'{latency}_bucket{{le="0.03"}}': events - late,
            f'{latency}_bucket{{le="0.05"}}': events,
            f'{latency}_bucket{{le="+Inf"}}': events,
            f"{latency}_count": events,
            f'{CANARY}{{device_id="7"}}': 42,
        }
        return "".join(f"{name} {value}\n" for name, value in samples.items())


class Processor:
    """Exposes its traffic until ``quiet`` is called, and stands still then."""

    def __init__(self, traffic: Traffic) -> None:
        began = time.monotonic()
        self._ended: float | None = None
        processor = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = traffic.exposition((processor._ended or time.monotonic()) - began).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self._server.daemon_threads = True
        self.address = f"{LOOPBACK}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def quiet(self) -> None:
        self._ended = time.monotonic()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Client(prometheus.Client):
    """A Prometheus of a site or of the hub."""

    def raw(self, metric: str, **labels: str) -> dict[str, Points]:
        """Every sample it holds, by objective."""
        selector = prometheus.selector(metric, **labels)
        rows = self.ask("query", {"query": f"{selector}[1h]"})["result"]
        return {
            row["metric"].get(names.LABEL_SLO, ""): {round(1000 * at): float(value) for at, value in row["values"]}
            for row in rows
        }

    def values(self, query: str, label: str = names.LABEL_SLO) -> dict[str, float]:
        return {one.labels.get(label, ""): one.value for one in self.query(query)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A site that runs."""

    site: Site
    client: Client
    gate: Process
    processor: Processor

    def open_gate(self) -> None:
        port = int(self.site.address.rpartition(":")[2])
        self.gate.start()
        self.gate.wait_until(lambda: accepts(port), "get ready")


class Whole:
    """Everything, started and pulled."""

    def __init__(self, parts: Parts, traffic: dict[str, Traffic]) -> None:
        self._parts = parts
        self.sources = quick_sources(parts.folder / "alerts")
        sites = tuple(Site(id=one, region="north", address=f"{LOOPBACK}:{free_port()}") for one in sorted(traffic))
        pace = Hub(scrape_interval=INTERVAL, scrape_timeout=INTERVAL - 1, evaluation_interval=1, outage_budget=3_600)
        self.inventory = parts.folder / "fleet.yaml"
        self.inventory.write_text(inventory.dump(Fleet(regions=(Region(name="north"),), sites=sites, hub=pace)))
        self.fleet = inventory.load(self.inventory)
        self._egress: Egress = egresses.derive(self.sources)
        self._authority = Authority(parts.folder / "pki")
        self._authority.issue(*pki.names(self.fleet).splitlines()[1:])
        options = CompileOptions(interval=EVERY, period_interval=EVERY, rollup_interval=EVERY)
        self._rules = {one.name: one.text for one in compile_catalogue(self.sources, options)}
        self._rules |= {one.name: one.text for one in load_rules(self.sources)}
        self.edges = {site.id: self._edge(site, traffic[site.id]) for site in self.fleet.sites}
        self.hub = self._hub()

    def backfill(self) -> dict[str, dict[str, Any]]:
        """One pass, by the ids of the sites that had holes."""
        ca, certificate, key = self._authority.files(pki.HUB)
        command = [
            *(sys.executable, "-m", "gridobs", "fleet", "backfill", "--once", "--json"),
            *(f"--inventory={self.inventory}", f"--prometheus={self.hub.url}", f"--sources={self.sources}"),
            f"--journal={self._parts.folder / 'journal.json'}",
            *(f"--gate-ca-file={ca}", f"--gate-cert-file={certificate}", f"--gate-key-file={key}"),
        ]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
        assert run.returncode == 0, run.stderr
        return {one["site"]: one for one in json.loads(run.stdout)["sites"]}

    def _edge(self, site: Site, traffic: Traffic) -> Edge:
        processor = Processor(traffic)
        self._parts.stack.callback(processor.close)
        gate, files = f"gate-{site.id}", self._parts.folder / f"rendered-{site.id}"
        address = f"{LOOPBACK}:{free_port()}"
        ca, certificate, key = map(str, self._authority.files(site.id))
        settings = edge.EdgeSettings(
            tls=edge.TlsFiles(ca=ca, certificate=certificate, key=key),
            nginx=edge.NginxSettings(
                folder=str(self._parts.folder / gate),
                listen=LOOPBACK,
                access_log=str(self._parts.folder / f"{gate}-access.log"),
            ),
            prometheus=address,
            alertmanager=f"{LOOPBACK}:9",
            targets={"power-data-processor": (processor.address,)},
            scrape_interval=INTERVAL,
        )
        alone = replace(self.fleet, sites=(site,))
        rendered = edge.render(alone, self._egress, PrometheusVersion.V2_42, settings=settings)
        artifacts.write(rendered, files)
        own = files / "sites" / site.id
        for name, text in self._rules.items():
            (own / "rules" / f"{name}.yaml").write_text(text)
        client = self._prometheus(site.id, own, address)
        port = int(site.address.rpartition(":")[2])
        return Edge(
            site=site,
            client=client,
            gate=self._parts.nginx((own / "gate.conf").read_text(), port=port, name=gate),
            processor=processor,
        )

    def _hub(self) -> Client:
        address = f"{LOOPBACK}:{free_port()}"
        tls = self._authority.files(pki.HUB)[0].parent
        settings = hub.Settings(tls_folder=str(tls), own_address=address)
        rendered = self._parts.folder / "rendered-hub"
        artifacts.write(hub.render(self.fleet, self._egress, PrometheusVersion.V2_42, settings=settings), rendered)
        return self._prometheus("hub", rendered / "hub/shard-0", address, "--web.enable-remote-write-receiver")

    def _prometheus(self, name: str, folder: Path, address: str, *flags: str) -> Client:
        command = [
            program("prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
            *flags,
        ]
        self._parts.run(name, command, lambda: responds(f"http://{address}/-/ready"))
        return Client(f"http://{address}")


def quick_sources(folder: Path) -> Path:
    """The sources that ship, with rules that run every few seconds."""
    shutil.copytree(ROOT / "alerts", folder)
    settings = folder / "settings.yaml"
    text, count = re.subn(
        r"(?m)^(interval|periodInterval|scrapeInterval): .*$", rf"\1: {EVERY}", settings.read_text()
    )
    assert count == 3
    settings.write_text(text)
    return folder


def newest(points: Points) -> int:
    return max(points, default=0)


@pytest.mark.e2e
def test_after_a_cut_budgets_are_equal_at_hub_and_edge_and_no_event_is_lost(parts: Parts) -> None:
    traffic = {
        CUT: Traffic(rate=2_000, failed=0.02, incorrect=0.01, late=0.05),
        OTHER: Traffic(rate=60, failed=0.05, incorrect=0.1, late=0.3),
    }
    whole = Whole(parts, traffic)
    eventually(lambda: has_events(whole, CUT) and has_events(whole, OTHER), "both sites have events at the hub")
    eventually(lambda: in_sums(whole) == 2, "both are in the sums")

    last = cut_off(whole)
    spent = whole.hub.raw(names.SLO_PERIOD_BAD, site=CUT)
    come_back(whole)
    require_alike(whole)
    now = whole.hub.raw(names.SLO_PERIOD_BAD, site=CUT)
    for slo in OBJECTIVES:
        first = min(at for at in now[slo] if at > newest(spent[slo]))
        assert now[slo][first] > spent[slo][newest(spent[slo])]  # with the first pull, before anything is filled

    fill(whole, last)
    require_alike(whole)

    require_sums_of_both(whole)
    require_alike(whole)
    assert all(one.client.values(CANARY, "device_id") == {"7": 42} for one in whole.edges.values())
    assert whole.hub.series([CANARY], time.time() - 3_600, time.time() + 3_600) == []
    assert whole.hub.label_values("device_id") == []


def cut_off(whole: Whole) -> int:
    """Stop the gate of a site for some time; gives the time of its last heartbeat at the hub."""
    whole.edges[CUT].gate.stop()
    eventually(lambda: reached(whole) == {CUT: 0, OTHER: 1}, "one is not reached")
    eventually(lambda: whole.hub.values(f'{names.SITE_STATE}{{state="dark"}}', "site") == {CUT: 1}, "it is dark")
    eventually(lambda: in_sums(whole) == 1, "one is in the sums")
    last, dark = newest_beat(whole.hub, site=CUT), newest_beat(whole.hub, site=OTHER)
    for metric, sum_ in SUMS.items():
        shown = whole.hub.values(prometheus.selector(metric, site=CUT))
        eventually(
            lambda shown=shown, sum_=sum_: is_below(whole.hub.values(sum_), shown),  # type: ignore[misc] # bound
            f"what the hub still shows of the site, which has far more events than the other, is not in {sum_}",
        )
    eventually(lambda: newest_beat(whole.edges[CUT].client) > last + 1000 * HOLE_SECONDS, "the cut lasts")
    eventually(lambda: newest_beat(whole.hub, site=OTHER) > dark + 2000 * INTERVAL, "the other is still pulled")
    eventually(lambda: reached(whole) == {CUT: 0, OTHER: 1}, "the other is reached")
    assert newest_beat(whole.hub, site=CUT) == last
    return last


def come_back(whole: Whole) -> None:
    """Start the gate again, and wait until everything has been pulled, some of it more than once."""
    back = newest_beat(whole.edges[CUT].client)
    whole.edges[CUT].open_gate()
    eventually(lambda: reached(whole) == {CUT: 1, OTHER: 1}, "both are reached")
    eventually(lambda: has_events(whole, CUT, since=back), "what was cut off is pulled again")
    eventually(lambda: newest_beat(whole.hub, site=CUT) > back + 4000 * INTERVAL, "more pulls")


def fill(whole: Whole, last: int) -> None:
    """Let the back-fill run twice: the hole after ``last`` has every event, and the second run has nothing to do."""
    filled = whole.backfill()[CUT]
    (hole,) = (one for one in filled["holes"] if round(1000 * one["after"]) == last)
    begin, end = round(1000 * hole["after"]), round(1000 * hole["before"])
    assert end - begin >= 1000 * HOLE_SECONDS > TEMPO.threshold
    assert (filled["left_seconds"], filled["refused"], filled["dropped"], filled["fault"]) == (0, 0, {}, None)

    held = {metric: within(whole.hub.raw(metric, site=CUT), 0, end) for metric in EVENTS}
    for metric, at_hub in held.items():
        there, missed = within(at_hub, begin, end), within(whole.edges[CUT].client.raw(metric), begin, end)
        for slo in OBJECTIVES:
            assert there[slo] == missed[slo]
            assert len(missed[slo]) >= HOLE_SECONDS / INTERVAL / 2
            assert sum(there[slo].values()) == sum(missed[slo].values()) > 0

    again = whole.backfill()
    assert [hole for one in again.values() for hole in one["holes"] if round(1000 * hole["before"]) <= end] == []
    assert {metric: within(whole.hub.raw(metric, site=CUT), 0, end) for metric in EVENTS} == held


def require_alike(whole: Whole) -> None:
    """Every sample at the hub is that of the site at the same time."""
    for site, one in whole.edges.items():
        for metric in (*PERIOD, *EVENTS):
            at_hub = whole.hub.raw(metric, site=site)
            at_edge = one.client.raw(metric)
            assert at_hub.keys() >= OBJECTIVES
            for slo, points in at_hub.items():
                assert points == {at: at_edge[slo].get(at) for at in points}, (site, metric, slo)


def require_sums_of_both(whole: Whole) -> None:
    """Once nothing happens any more, the region has the events of both sites and a ratio weighted by them."""
    for one in whole.edges.values():
        one.processor.quiet()
    ratio = f"region:{names.HUB_SLO_ERROR_RATIO}"

    def agree() -> bool:
        counted = {metric: [one.client.values(metric) for one in whole.edges.values()] for metric in SUMS}
        sums = {metric: whole.hub.values(sum_) for metric, sum_ in SUMS.items()}
        ratios = whole.hub.values(ratio)
        return all(
            sums[metric].get(slo) == sum(one[slo] for one in counted[metric]) for metric in SUMS for slo in OBJECTIVES
        ) and all(
            ratios.get(slo) == pytest.approx(sums[names.SLO_PERIOD_BAD][slo] / sums[names.SLO_PERIOD_TOTAL][slo])
            for slo in OBJECTIVES
        )

    eventually(agree, "the sums of the region are those of the two sites")


def has_events(whole: Whole, site: str, since: int = 0) -> bool:
    """Whether the hub has each series of each objective after ``since``, with bad events."""
    found = [whole.hub.raw(metric, site=site) for metric in (*PERIOD, *EVENTS)]
    spent = whole.hub.values(prometheus.selector(names.SLO_PERIOD_BAD, site=site))
    return all(newest(one.get(slo, {})) > since for one in found for slo in OBJECTIVES) and all(
        spent.get(slo, 0) > 0 for slo in OBJECTIVES
    )


def in_sums(whole: Whole) -> float | None:
    """How many sites the sums of the region are of."""
    return whole.hub.values(f"region:{names.HUB_SLO_SITES}").get("power-accuracy")


def reached(whole: Whole) -> dict[str, float]:
    return whole.hub.values(names.SITE_REACHABLE, names.LABEL_SITE)


def is_below(sums: dict[str, float], values: dict[str, float]) -> bool:
    return all(0 < sums.get(slo, 0) < values[slo] for slo in OBJECTIVES)


def newest_beat(client: Client, **labels: str) -> int:
    return newest(client.raw(names.SITE_HEARTBEAT, **labels).get("", {}))


def within(series: dict[str, Points], begin: int, end: int) -> dict[str, Points]:
    return {slo: {at: one for at, one in points.items() if begin < at < end} for slo, points in series.items()}

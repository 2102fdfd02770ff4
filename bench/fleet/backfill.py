"""A hole of hours at many sites, filled into a real Prometheus: how long it takes, and whether every point came back.

The sites are one process that answers ``/history`` on an address of 127.0.0.0/8 each, from texts made once for a
window, so that they cost little beside what is measured. Nothing is compressed, and the WAN is the loopback.

    python bench/fleet/backfill.py --sites 300 --series 200 --hours 6
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import resource
import socket
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.backfill.assembly import Options, assemble
from gridobs.fleet.backfill.holes import WINDOW_SECONDS
from gridobs.fleet.backfill.pace import Limits
from gridobs.fleet.backfill.receiver import Receiver
from gridobs.fleet.backfill.series import NAME, Series
from gridobs.fleet.egress.model import Egress, ExportedSeries
from gridobs.fleet.model import Fleet, Hub, Region, Site
from gridobs.prometheus import Client, selector
from gridobs.testbed.http_api import responds
from gridobs.testbed.processes import LOOPBACK, Process

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERVAL = 30  # seconds, of rules and of pulls
_OF_A_NAME = 5  # series that have the same name
_BEFORE, _AFTER = 20, 5  # samples of each series that the hub has on either side of the hole
_REGION = "north"
_CHECKED = 200  # series compared point by point
_ENOUGH = 0.9999
_CONFIG = "storage: {tsdb: {out_of_order_time_window: 24h}}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What every site has: ``series`` of them and the heartbeat, from ``start`` on, in Unix seconds."""

    series: int
    start: int

    def metric(self, number: int) -> dict[str, str]:
        return {NAME: f"site:thing_{number // _OF_A_NAME:03d}:ratio", "slo": f"slo-{number % _OF_A_NAME}"}

    def text(self, site: str, number: int, at: int) -> str:
        """The value at Unix second ``at``; the digits before the point are the site's."""
        return f"{site}.{(number * 7919 + at // INTERVAL * 104_729) % 10**12:012d}"

    @property
    def egress(self) -> Egress:
        named = {self.metric(number)[NAME] for number in range(self.series)}
        kinds = [(names.SITE_HEARTBEAT, (), 1), *((name, ("slo",), _OF_A_NAME) for name in named)]
        return Egress(
            series=tuple(
                ExportedSeries(name=name, labels=labels, bound=bound, interval=INTERVAL, source="bench")
                for name, labels, bound in sorted(kinds)
            )
        )


class Edges(asyncio.Protocol):
    """A site answers by the address it was reached at."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what TCP has
        self._transport = transport
        self._site = number_of(transport.get_extra_info("sockname")[0]).encode()

    def data_received(self, data: bytes) -> None:
        at = int(data.partition(b"time=")[2].partition(b" ")[0])
        body = answer(self._shape, at).replace(b"@", self._site)
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        self._transport.write(body)


@lru_cache(maxsize=200)
def answer(shape: Shape, at: int) -> bytes:
    """What all sites answer, with ``@`` for the number of one."""
    times = range(-(-(at - WINDOW_SECONDS) // INTERVAL) * INTERVAL, at + 1, INTERVAL)
    rows = [
        {"metric": shape.metric(number), "values": [[second, shape.text("@", number, second)] for second in times]}
        for number in range(shape.series)
    ]
    rows.append({"metric": {NAME: names.SITE_HEARTBEAT}, "values": [[second, f"{second}"] for second in times]})
    content = {"status": "success", "data": {"resultType": "matrix", "result": rows}}
    return json.dumps(content, separators=(",", ":")).encode()


def host(number: int) -> str:
    return f"127.7.{number // 250}.{number % 250 + 1}"


def listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=5).close()
    except OSError:
        return False
    return True


def number_of(address: str) -> str:
    parts = address.split(".")
    return str(int(parts[2]) * 250 + int(parts[3]) - 1)


def serve(shape: Shape, sites: int, port: int) -> None:
    """The process of the sites."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Edges(shape), [host(number) for number in range(sites)], port)
        await server.serve_forever()

    asyncio.run(run())


def prepare(hub: Client, shape: Shape, sites: int, *, cut: int, back: int) -> None:
    """Write what the hub has: samples before and after the hole, and that all sites are reached."""
    receiver = Receiver(hub, wait=lambda _: False, jitter=lambda: 0.0)
    after = range(back, back + _AFTER * INTERVAL, INTERVAL)
    before = range(cut - (_BEFORE - 1) * INTERVAL, cut + 1, INTERVAL)
    for times in (after, before):
        for site in range(sites):
            receiver.write([_stored(shape, site, number, times) for number in range(shape.series + 1)])
    for site in range(sites):
        labels = {NAME: "up", "instance": site_id(site), "job": names.JOB_EDGE, **_identity(site)}
        receiver.write([Series(labels=tuple(sorted(labels.items())), times=(1000 * after[-1],), values=(1.0,))])


def _stored(shape: Shape, site: int, number: int, times: Sequence[int]) -> Series:
    is_heartbeat = number == shape.series
    metric = {NAME: names.SITE_HEARTBEAT} if is_heartbeat else shape.metric(number)
    values = (float(at) if is_heartbeat else float(shape.text(str(site), number, at)) for at in times)
    return Series(
        labels=tuple(sorted((metric | _identity(site)).items())),
        times=tuple(1000 * at for at in times),
        values=tuple(values),
    )


def site_id(number: int) -> str:
    return f"sub-{number:04d}"


def _identity(site: int) -> dict[str, str]:
    return {names.LABEL_SITE: site_id(site), names.LABEL_REGION: _REGION}


def held(hub: Client, shape: Shape, *, cut: int, back: int) -> int:
    """Samples at the hub within the hole, of all sites, heartbeats included."""
    span, at = back - cut - 1, back - 0.5
    kinds = sorted({one.name for one in shape.egress.series})
    return int(sum(row.value for kind in kinds for row in hub.query(f"sum(count_over_time({kind}[{span}s]))", at)))


def differing(hub: Client, shape: Shape, sites: int, *, cut: int, back: int) -> int:
    """Points of some series, chosen at random, that the hub lacks or has otherwise."""
    chooser = random.Random(7)  # noqa: S311 - a choice, no secret
    wrong = 0
    for _ in range(_CHECKED):
        site, number = chooser.randrange(sites), chooser.randrange(shape.series)
        expected = {at: float(shape.text(str(site), number, at)) for at in range(cut, back + 1, INTERVAL)}
        metric = shape.metric(number)
        query = selector(metric[NAME], slo=metric["slo"], **_identity(site))
        rows = hub.ask("query", {"query": f"{query}[{back - cut + 1}s]", "time": back})["result"]
        found = {float(at): float(value) for row in rows for at, value in row["values"]}
        wrong += sum(found.get(at) != value for at, value in expected.items()) + len(found.keys() - expected.keys())
    return wrong


def cpu_seconds(pid: int) -> float:
    """Of a process, from ``/proc/<pid>/stat``: fields 14 and 15 in ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int, what: str = "VmHWM") -> float:
    """Gigabytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 2**20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=300)
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--hours", type=float, default=6)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--rate", type=float, default=1e9, help="samples a second; the default is no limit")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gridobs-bench-") as folder:
        return measure(asked, Path(folder))


def measure(asked: argparse.Namespace, folder: Path) -> int:
    """Start everything, run twice, print what came of it."""
    back = int(time.time()) // INTERVAL * INTERVAL - _AFTER * INTERVAL
    cut = back - int(asked.hours * 3600) // INTERVAL * INTERVAL
    shape = Shape(series=asked.series, start=cut)
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        port, edges_port = one.getsockname()[1], other.getsockname()[1]
    edges = multiprocessing.get_context("spawn").Process(
        target=serve, args=(shape, asked.sites, edges_port), daemon=True
    )
    (folder / "prometheus.yml").write_text(_CONFIG)
    prometheus = Process(
        "prometheus",
        [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{port}",
            "--web.enable-remote-write-receiver",
        ],
        log=folder / "log",
    )
    edges.start()
    prometheus.start()
    try:
        url = f"http://{LOOPBACK}:{port}"
        prometheus.wait_until(lambda: responds(f"{url}/-/ready"), "get ready")
        prometheus.wait_until(lambda: listens(host(asked.sites - 1), edges_port), "see the sites listen")
        hub = Client(url, timeout=300)
        prepare(hub, shape, asked.sites, cut=cut, back=back)
        fleet = Fleet(
            regions=(Region(name=_REGION),),
            sites=tuple(
                Site(id=site_id(number), region=_REGION, address=f"{host(number)}:{edges_port}")
                for number in range(asked.sites)
            ),
            hub=Hub(scrape_interval=INTERVAL, outage_budget=int(time.time()) - cut + 1000),
        )
        limits = Limits(samples=asked.rate, bytes=1e12, site_samples=1e9, site_bytes=1e12, site_questions=1e9)
        options = Options(limits=limits, workers=asked.workers, gate_timeout=120)

        pids = {"hub": prometheus.pid or 0, "edges": edges.pid or 0}
        spent = {part: cpu_seconds(pid) for part, pid in pids.items()}
        began, own = time.monotonic(), time.process_time()
        first = assemble(fleet, shape.egress, hub, options, tls=None).run_once()
        wall = time.monotonic() - began
        cost = {"backfill": time.process_time() - own}
        cost |= {part: cpu_seconds(pid) - spent[part] for part, pid in pids.items()}
        expected = asked.sites * (asked.series + 1) * ((back - cut) // INTERVAL - 1)
        there = held(hub, shape, cut=cut, back=back)
        began = time.monotonic()
        second = assemble(fleet, shape.egress, hub, options, tls=None).run_once()
        again = time.monotonic() - began
        figures = {
            "sites": asked.sites,
            "expected_samples": expected,
            "recovered_ratio": there / expected,
            "differing_of_checked_series": differing(hub, shape, asked.sites, cut=cut, back=back),
            "faults": sum(bool(one.fault) for one in first.outcomes),
            "second_run_added": held(hub, shape, cut=cut, back=back) - there,
            "second_run_holes": len(second.outcomes),
            "second_run_seconds": round(again, 2),
            "seconds": round(wall, 1),
            "samples_per_second": round(expected / wall),
            "cpu_seconds": {part: round(seconds, 1) for part, seconds in cost.items()},
            "cpu_microseconds_per_sample": {part: round(1e6 * one / expected, 2) for part, one in cost.items()},
            "peak_gigabytes": {
                "hub": round(resident(pids["hub"]), 2),
                "backfill": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
            },
            "load": [round(one, 1) for one in os.getloadavg()],
        }
        print(json.dumps(figures, indent=2))  # noqa: T201 - a script that is run by hand
        kept = (
            figures["recovered_ratio"] >= _ENOUGH
            and not figures["differing_of_checked_series"]
            and not figures["second_run_added"]
            and not figures["second_run_holes"]
        )
        return 0 if kept else 1
    finally:
        edges.terminate()
        prometheus.stop()


if __name__ == "__main__":
    sys.exit(main())

"""The process of all simulated edges: ``python -m gridobs.fleet.simulation.edges PLAN``.

Beside the edges it listens at one port on loopback for who runs the simulation: ``POST /behave`` switches behaviours,
``GET /counts`` tells what the edges have counted.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import gc
import json
import signal
import ssl
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from gridobs.fleet.simulation import bodies, http
from gridobs.fleet.simulation.behaviours import Behaviour
from gridobs.fleet.simulation.edge import Edge, compress
from gridobs.fleet.simulation.exposition import Exposition
from gridobs.fleet.simulation.listener import Listener
from gridobs.fleet.simulation.plan import EdgesPlan
from gridobs.fleet.simulation.values import Site
from gridobs.testbed.processes import LOOPBACK
from gridobs.testbed.runtime import allow_open_files

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILES_PER_SITE = 3  # its listener, a scraper's connection, and a new one while the old one is being closed
_OTHER_FILES = 64


class Control:
    """The port at which behaviours are switched and counts read."""

    def __init__(self, listeners: Mapping[str, Listener]) -> None:
        self._listeners = listeners
        self._tasks: set[asyncio.Task[None]] = set()

    def opened(self, _: http.Connection) -> None:
        pass

    def closed(self, _: http.Connection) -> None:
        pass

    def handle(self, connection: http.Connection, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET /counts "):
            counts = {site: asdict(listener.edge.counts) for site, listener in self._listeners.items()}
            connection.send(http.plain("200 OK", json.dumps(counts)))
        elif head.startswith(b"POST /behave "):
            task = asyncio.create_task(self._behave(connection, json.loads(body)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            connection.send(http.plain("404 Not Found", "GET /counts or POST /behave\n"))

    async def _behave(self, connection: http.Connection, wanted: dict[str, dict[str, object]]) -> None:
        """Switch each site that is named to ``{"behaviour": ..., "seconds": ...}``."""
        for site, how in wanted.items():
            await self._listeners[site].behave(Behaviour(str(how["behaviour"])), seconds=float(str(how["seconds"])))
        connection.send(http.plain("200 OK", "{}"))


async def serve(plan: EdgesPlan) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    exposition = Exposition(plan.series, interval=plan.interval)

    @functools.cache  # ten megabytes are not made anew for each
    def huge(compressed: bool) -> bytes:  # noqa: FBT001 - it has one argument
        return compress(huge(False)) if compressed else _huge(plan, exposition)  # noqa: FBT003 - as above

    listeners = {
        site.id: Listener(
            Edge(
                site=site.id,
                region=site.region,
                exposition=exposition,
                interval=plan.interval,
                clock=time.time,
                huge=huge,
            ),
            host=site.host,
            port=site.port,
            tls=_tls(Path(plan.tls), site.id) if plan.tls else None,
        )
        for site in plan.sites
    }
    for listener in listeners.values():
        await listener.open()
    control = Control(listeners)
    server = await loop.create_server(lambda: http.Connection(control), LOOPBACK, plan.control)
    gc.collect()
    gc.freeze()  # thousands of objects that live as long as the process
    await stop.wait()
    server.close()
    for listener in listeners.values():
        listener.close()


def _tls(folder: Path, site: str) -> ssl.SSLContext:
    """As the gate of a site has it: its own certificate, and none answered who shows no certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder / f"{site}.crt", folder / f"{site}.key")
    context.load_verify_locations(folder / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _huge(plan: EdgesPlan, exposition: Exposition) -> bytes:
    first = plan.sites[0]
    site = Site(first.id, interval=plan.interval)
    return bodies.huge(exposition.text(site, time.time(), claims=first.id, region=first.region))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path, help="a file that gridobs.fleet.simulation.plan has written")
    plan = EdgesPlan.load(parser.parse_args().plan.read_text(encoding="utf-8"))
    allow_open_files(_FILES_PER_SITE * len(plan.sites) + _OTHER_FILES, option="--sites")
    asyncio.run(serve(plan))


if __name__ == "__main__":
    main()

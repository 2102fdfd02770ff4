"""``gridobs fleet backfill``: fill what a WAN outage left empty at the hub."""

from __future__ import annotations

import json
import logging
import signal
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from prometheus_client import start_http_server
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from gridobs.cli import connection
from gridobs.cli.durations import seconds
from gridobs.cli.fleet import backfill_view as view
from gridobs.errors import Findings, UsageError
from gridobs.fleet import egress, inventory
from gridobs.fleet.backfill.pace import LIMITS, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gridobs.fleet.backfill.meters import Meters
    from gridobs.fleet.backfill.service import Backfill
    from gridobs.fleet.backfill.service import Progress as Step

_TLS = Path("/etc/gridobs/tls")
_LONGEST_PASS = 600.0  # seconds; the next one finds what is left, and what has come to be meanwhile
_INTERRUPTED = 130  # as a shell reports SIGINT
_PIPE_WIDTH = 160


def backfill(
    *,
    inventory_file: Annotated[Path, typer.Option("--inventory", metavar="FILE", help="The fleet.")],
    prometheus: connection.PrometheusUrl,
    sources: Annotated[
        Path, typer.Option(help="The folder with slos/ and rules/, which say what a site has.")
    ] = Path("alerts"),
    once: Annotated[bool, typer.Option("--once", help="One pass, and tell what came of it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell which holes there are, and fill none.")] = False,
    site: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this site; more than once for more.")
    ] = None,
    journal: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to remember what no site has. [default: nowhere]")
    ] = None,
    listen_address: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where a service shows its metrics; empty for nowhere.")
    ] = "127.0.0.1:9810",
    every: Annotated[
        float, typer.Option(parser=seconds, metavar="DURATION", help="Between two passes of a service.")
    ] = "1m",  # type: ignore[assignment] # the parser makes a number of it
    spread: Annotated[
        float,
        typer.Option(
            parser=seconds, metavar="DURATION", help="Over how long a service begins sites that return together."
        ),
    ] = "5m",  # type: ignore[assignment] # as above
    rate: Annotated[float, typer.Option(min=1, help="The most samples a second, of all sites.")] = LIMITS.samples,
    site_rate: Annotated[
        float, typer.Option(min=1, help="The most samples a second, of one site.")
    ] = LIMITS.site_samples,
    bandwidth: Annotated[
        float, typer.Option(min=1, help="The most bytes a second, of all sites, uncompressed.")
    ] = LIMITS.bytes,
    site_bandwidth: Annotated[
        float, typer.Option(min=1, help="The most bytes a second, of one site, uncompressed.")
    ] = LIMITS.site_bytes,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Sites that are asked at a time.")] = 8,
    gate_ca_file: Annotated[Path, typer.Option(metavar="FILE", help="PEM: who signs the gates.")] = _TLS / "ca.crt",
    gate_cert_file: Annotated[
        Path, typer.Option(metavar="FILE", help="PEM: the certificate to show to gates.")
    ] = _TLS / "tls.crt",
    gate_key_file: Annotated[Path, typer.Option(metavar="FILE", help="PEM: its key.")] = _TLS / "tls.key",
    gate_timeout: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="For a whole answer of a gate.")
    ] = 30.0,
    plain_http: Annotated[
        bool, typer.Option("--plain-http", help="Ask gates without TLS; for trials alone.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with --once or --dry-run.")] = False,
    ca_file: connection.CaFile = None,
    cert_file: connection.CertFile = None,
    key_file: connection.KeyFile = None,
    token_file: connection.TokenFile = None,
    timeout: connection.Timeout = 120.0,
) -> None:
    """Fill the holes that WAN outages left at the hub, from what the sites still have.

    Runs as a service at each hub Prometheus until it is ended; with --once, one pass. The Prometheus must run with
    --web.enable-remote-write-receiver and storage.tsdb.out_of_order_time_window. Exit status 1: holes stay open.
    """
    try:
        from gridobs.fleet.backfill.assembly import Options, assemble, client_tls  # noqa: PLC0415 - an extra is needed
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed; run: pip install 'gridobs[fleet]'") from None
    if as_json and not (once or dry_run):
        raise UsageError("--json tells of one pass; add --once or --dry-run")
    fleet = inventory.load(inventory_file)
    client = connection.connect(
        prometheus,
        ca_file=ca_file,
        cert_file=cert_file,
        key_file=key_file,
        token_file=token_file,
        timeout=timeout,
    )
    is_service = not (once or dry_run)
    stop = threading.Event()
    work = assemble(
        fleet,
        egress.derive(sources),
        client,
        Options(
            journal=journal,
            limits=Limits(
                samples=rate,
                bytes=bandwidth,
                site_samples=site_rate,
                site_bytes=site_bandwidth,
                site_questions=LIMITS.site_questions,
            ),
            workers=workers,
            gate_timeout=gate_timeout,
            spread=spread if is_service else 0.0,
            longest=_LONGEST_PASS if is_service else float("inf"),
            only=site or (),
        ),
        tls=None
        if plain_http
        else client_tls(ca_file=gate_ca_file, cert_file=gate_cert_file, key_file=gate_key_file),
        stop=stop,
    )
    with _stopped_by_signals(stop):
        if is_service:
            _serve(work, listen_address=listen_address, every=every)
        else:
            _pass(work, dry_run=dry_run, as_json=as_json)


def _serve(work: Backfill, *, listen_address: str, every: float) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with _shown(work.meters, listen_address):
        work.run(every)


def _pass(work: Backfill, *, dry_run: bool, as_json: bool) -> None:
    """One pass, as a table or JSON.

    Raises:
        Findings: holes stay open that could be filled.
    """
    if dry_run:
        report, _ = work.find()
    else:
        with _progress() as work.progress:
            report = work.run_once()
    if as_json:
        typer.echo(json.dumps(view.as_object(report), indent=2))
    else:
        console = Console()
        if not console.is_terminal:
            console.width = _PIPE_WIDTH
        for part in view.parts(report, dry_run=dry_run):
            console.print(part)
    if work.stop.is_set():
        raise typer.Exit(_INTERRUPTED)
    open_ = [one for one in report.outcomes if one.left]
    if open_ and not dry_run:
        faults = [f"{one.site}: {one.fault}" for one in open_ if one.fault]
        raise Findings("\n".join((*faults, f"backfill: {len(open_)} sites still have holes; run it again")))


@contextmanager
def _progress() -> Iterator[Callable[[Step], None]]:
    """A bar on a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} windows"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("searching for holes", total=None)

        def show(step: Step) -> None:
            bar.update(task, completed=step.windows, total=step.of, description=f"{step.samples:,} samples")

        yield show


@contextmanager
def _shown(meters: Meters, address: str) -> Iterator[None]:
    """Serve ``/metrics`` for as long as the context lasts."""
    if not address:
        yield
        return
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal():
        raise UsageError(f"--listen-address {address!r} is no address; write it like 127.0.0.1:9810")
    try:
        server, thread = start_http_server(int(port), host.strip("[]") or "0.0.0.0", registry=meters.registry)  # noqa: S104 - as asked
    except (OSError, OverflowError) as error:
        raise UsageError(f"--listen-address {address}: {error}; choose another") from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """SIGTERM and Ctrl-C end the work after the windows that are under way."""
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

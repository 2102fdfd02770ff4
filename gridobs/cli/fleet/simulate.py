"""``gridobs fleet simulate``: a whole fleet on this machine, and a verdict on the hub that watches it."""

from __future__ import annotations

import contextlib
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridobs.cli.durations import seconds
from gridobs.cli.fleet.simulate_run import SimulationRun
from gridobs.errors import ComponentFailed, UsageError
from gridobs.fleet.simulation.scenarios import SCENARIOS
from gridobs.fleet.simulation.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTERRUPTED = 130  # as a shell reports SIGINT
_MARKER = ".gridobs-simulation"
_STEADY_SECONDS = 600.0
_INTERVAL_MOST = 150
_REAL_SITES = 5


def simulate(
    *,
    sites: Annotated[int, typer.Option(min=20, max=60_000, help="Simulated edges.")] = 1000,
    series: Annotated[int, typer.Option(min=10, max=20_000, help="Series of each site.")] = 200,
    interval: Annotated[
        float, typer.Option(parser=seconds, metavar="DURATION", help="Between two pulls of a site, such as 30s.")
    ] = "30s",  # type: ignore[assignment] # typer parses defaults too
    steady: Annotated[
        float | None,
        typer.Option(
            "--for",
            parser=seconds,
            metavar="DURATION",
            help="Look on for so long before anything is done. [default: 10m, with a scenario two intervals]",
        ),
    ] = None,
    scenario: Annotated[str, typer.Option(metavar="NAME", help="What is done to the fleet; see --list.")] = "none",
    tls: Annotated[bool, typer.Option("--tls", help="Hub and edges show each other certificates.")] = False,
    real: Annotated[
        int | None,
        typer.Option(
            min=0, max=20, help="Sites beside them with a real Prometheus and gate. [default: 5 with --tls]"
        ),
    ] = None,
    hurry: Annotated[
        float,
        typer.Option(min=1, max=60, help="Divide every waiting time of alerts and notifications by this."),
    ] = 1.0,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--dir", help="Keep the data here, in place of an earlier run's. [default: a temporary folder, removed]"
        ),
    ] = None,
    base_port: Annotated[
        int,
        typer.Option(min=1024, max=65_000, help="First of five ports on loopback, and one more for each real site."),
    ] = 17800,
    sources: Annotated[Path, typer.Option(help="The folder with slos/ and rules/.")] = Path("alerts"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
    listing: Annotated[bool, typer.Option("--list", help="List the scenarios and end.")] = False,
) -> None:
    """Simulate the edges of a fleet and measure a real hub that watches them.

    The edges are simulated, in one process; Prometheus and Alertmanager are real and have the configuration that
    ``gridobs fleet render`` writes. Exit status 1 if a target is missed. Ctrl-C ends everything.
    """
    if listing:
        for one in SCENARIOS:
            typer.echo(f"{one.name:<22}{one.why}")
        return
    chosen = next((one for one in SCENARIOS if one.name == scenario), None)
    if chosen is None:
        raise UsageError(f"{scenario!r} is no scenario; use one of {', '.join(one.name for one in SCENARIOS)}")
    if not 1 <= interval <= _INTERVAL_MOST:
        raise UsageError(f"--interval must be 1s to {_INTERVAL_MOST}s, so that one lost pull hides nothing")
    if real and not tls:
        raise UsageError("the gate of a real site answers over TLS alone; add --tls, or leave out --real")
    if real is None:
        real = _REAL_SITES if tls else 0
    if steady is None:
        steady = _STEADY_SECONDS if chosen.name == "none" else 2 * interval
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _data_folder(folder) as path:
        settings = Settings(
            folder=path.resolve(),
            sources=sources,
            sites=sites,
            series=series,
            interval=int(interval),
            real=real,
            tls=tls,
            hurry=hurry,
            base_port=base_port,
        )
        try:
            SimulationRun(settings, scenario=chosen, steady=steady, as_json=as_json).run()
        except KeyboardInterrupt:
            raise typer.Exit(_INTERRUPTED) from None


@contextlib.contextmanager
def _data_folder(folder: Path | None) -> Iterator[Path]:
    """The folder asked for; else a temporary one, removed unless a part of the simulation failed."""
    if folder:
        _claim(folder)
        yield folder
        return
    path = Path(tempfile.mkdtemp(prefix="gridobs-simulation-"))
    keep = False
    try:
        yield path
    except ComponentFailed:
        keep = True
        sys.stderr.write(f"the data and logs of this run are kept in {path}\n")
        raise
    finally:
        if not keep:
            shutil.rmtree(path, ignore_errors=True)


def _claim(folder: Path) -> None:
    """Make the folder, or empty one that an earlier simulation has claimed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        content = list(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder} cannot hold the data: {error.strerror}; name another with --dir") from None
    if content and folder / _MARKER not in content:
        raise UsageError(f"{folder} is not empty and not made by an earlier simulation; name another with --dir")
    for path in content:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    (folder / _MARKER).touch()

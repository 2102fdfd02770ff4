"""``gridobs fleet plan``: what the hub of a fleet needs, and by which figures."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from gridobs.errors import UsageError
from gridobs.fleet import capacity, egress, inventory
from gridobs.fleet.capacity import constants
from gridobs.fleet.egress.model import Egress, ExportedSeries
from gridobs.rules import durations
from gridobs.slo.promql import PrometheusVersion
from gridobs.slo.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridobs.fleet.capacity import Backfill, Plan, Wan
    from gridobs.fleet.model import Fleet

_INVENTORY = Path("fleet.yaml")
_SOURCES = Path("alerts")
_PIPE_WIDTH = 160
_INTERVAL = 30


def plan(
    *,
    path: Annotated[
        Path, typer.Option("--inventory", metavar="FILE", help="The fleet: YAML, or CSV if it ends in .csv.")
    ] = _INVENTORY,
    sources: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the rules of a site, from which follows what leaves it.")
    ] = _SOURCES,
    series: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Assume so many series of each site, every 30 s, and read no rules."),
    ] = None,
    prometheus_version: Annotated[
        PrometheusVersion, typer.Option(help="The oldest Prometheus the rules of a site are for.")
    ] = PrometheusVersion.V2_42,
    retention: Annotated[
        str, typer.Option(metavar="DURATION", help="For how long the hub keeps samples, such as 90d.")
    ] = durations.text(capacity.RETENTION),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Predict series, samples, CPU, memory, disk, WAN traffic, back-fill and shards of a fleet's hub.

    Every figure that goes into it is printed with where it is from. It is for one replica, without queries.
    """
    fleet = inventory.load(path)
    leaving = _assumed(series) if series else _derived(sources, prometheus_version)
    made = capacity.plan(fleet, leaving, retention=_seconds(retention))
    if as_json:
        listed = [asdict(one) for one in constants.TABLE]
        typer.echo(json.dumps(asdict(made) | {"machine": constants.MACHINE, "constants": listed}, indent=2))
        return
    console = Console()
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    console.print(_predictions(fleet, made))
    console.print(_sources())
    console.print(f"measured on {constants.MACHINE}", style="dim")


def _seconds(retention: str) -> int:
    try:
        return durations.seconds(retention)
    except ValueError as error:
        raise UsageError(f"--retention: {error}") from None


def _assumed(series: int) -> Egress:
    one = ExportedSeries(name="site:assumed:value", labels=(), bound=series, interval=_INTERVAL, source="--series")
    return Egress(series=(one,))


def _derived(sources: Path, version: PrometheusVersion) -> Egress:
    return egress.derive(sources, options=load_settings(sources).compile_options(version))


def _predictions(fleet: Fleet, made: Plan) -> Table:
    table = Table(title=f"{fleet.source}", title_justify="left", box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("needed at the hub")
    table.add_column("predicted", justify="right", no_wrap=True)
    table.add_column("of", overflow="fold")
    for row in _rows(made):
        table.add_row(*row)
    return table


def _rows(made: Plan) -> Iterator[tuple[str, str, str]]:
    yield (
        "sites",
        f"{made.sites:,}",
        f"{made.pulled:,} pulled, {made.sites - made.pulled:,} push; in {made.regions} regions",
    )
    yield "series", f"{made.series:,}", f"at most {made.series_per_site:,} of each site, and those of the hub"
    yield "samples", f"{made.samples:,.0f}/s", f"{made.pulls:,.1f} pulls/s"
    yield "CPU", f"{made.cores:.2f} cores", "on average, without queries"
    yield "memory", _bytes(made.memory), f"in the first minutes; provide {_bytes(made.memory_to_provide)}"
    yield "disk", _bytes(made.disk), f"after {durations.text(made.retention)}, with the write-ahead log"
    for one in made.wan:
        yield f"WAN of a site, {_way(one)}", f"{one.bytes_per_second:,.0f} B/s", _sites(one)
    yield "WAN of the hub", f"{_bytes(made.wan_total)}/s", "all sites"
    yield f"back-fill of {durations.text(made.backfill.outage)}", _time(made.backfill.seconds), _hole(made.backfill)
    largest = f", the largest with {made.largest_shard:,} sites" if made.shards > 1 else ""
    yield "shards", f"{made.shards_needed}", f"the inventory has {made.shards}{largest}"


def _hole(one: Backfill) -> str:
    sending = f"{_bytes(one.bytes_per_site)} of a site take its link {_time(one.link_seconds)}"
    return f"{one.samples:,} samples, all sites dark; {sending}, writing takes {_time(one.hub_seconds)}"


def _way(one: Wan) -> str:
    return f"pulled every {durations.text(one.interval)}" if one.interval else f"{one.transport}"


def _sites(one: Wan) -> str:
    body = f"; an answer is {_bytes(one.body)}" if one.body else ""
    return f"{one.sites:,} site{'' if one.sites == 1 else 's'}{body}"


def _sources() -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("predicted with", overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit", overflow="fold")
    table.add_column("from", overflow="fold")
    for one in constants.TABLE:
        table.add_row(one.name, f"{one.value:,.6g}", one.unit, one.source)
    return table


def _bytes(count: float) -> str:
    """In the largest decimal unit it has one of."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.0f} B"


def _time(seconds: float) -> str:
    return durations.text(max(round(seconds), 1))

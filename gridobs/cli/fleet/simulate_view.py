"""What a person sees of a simulation: a live page on a terminal, lines elsewhere."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from gridobs.fleet.simulation.settings import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from gridobs.fleet.simulation.director import Director, Event
    from gridobs.fleet.simulation.observation import Observation
    from gridobs.fleet.simulation.settings import Settings
    from gridobs.fleet.simulation.verdict import Check

_EVENT_STYLES = {"fault": "bold red", "dark": "yellow", "told": "bold red", "lifted": "green", "back": "green"}
_MET = {True: Text("met", "green"), False: Text("missed", "bold red"), None: Text("-", "dim")}


def page(settings: Settings, director: Director, *, began: float, now: float) -> RenderableType:
    """The live page.

    Args:
        settings: of the simulation.
        director: that runs it.
        began: Unix seconds the run started at.
        now: Unix seconds.
    """
    watch = director.watch
    up = dt.timedelta(seconds=int(now - began))
    headline = Text.assemble(
        (f"{settings.sites} sites", "bold"),
        f" x {settings.series} series / {settings.interval} s{' over TLS' if settings.tls else ''}  up {up}\n",
        f"{watch.up} pulled  {len(watch.dark)} dark  {watch.rss / 1e6:.0f} MB  {watch.notifications} notifications",
    )
    firing = "  ".join(f"{name} {count}" for name, count in sorted(watch.firing.items()))
    addresses = Text(
        f"Prometheus   {settings.url(Part.PROMETHEUS)}\nAlertmanager {settings.url(Part.ALERTMANAGER)}", style="dim"
    )
    return Group(headline, Text(firing, "yellow"), "", story(director.events, began), "", addresses)


def event_line(event: Event, began: float) -> Text:
    """``+ 1:23  fault     300 sites: …``; minutes and seconds since the start."""
    return Text("  ").join(_event(event, began))


def story(events: Sequence[Event], began: float) -> Table:
    table = Table.grid(padding=(0, 2))
    for event in events:
        table.add_row(*_event(event, began))
    return table


def figures_line(seen: Observation) -> Text:
    """What is told beside the targets."""
    return Text(
        f"{seen.seconds:.0f} s  {seen.samples_rate:.0f} samples/s  "
        f"edges {seen.edges_cpu:.1%} of a core  {seen.wire_rate:.0f} B/s of one site with the heads of HTTP  "
        f"load {seen.load[0]:.1f} to {seen.load[1]:.1f}"
    )


def checks_table(checks: Sequence[Check]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("what")
    for title in ("target", "found"):
        table.add_column(title, justify="right")
    table.add_column("", no_wrap=True)
    for check in checks:
        table.add_row(check.what, check.target, check.found, _MET[check.met])
    return table


def _event(event: Event, began: float) -> tuple[Text, Text, Text]:
    offset = max(0, round(event.at - began))
    return (
        Text(f"+{offset // 60:2d}:{offset % 60:02d}", "dim"),
        Text(f"{event.what:<8}", _EVENT_STYLES.get(event.what, "")),
        Text(event.detail),
    )

"""What a person sees of a running substation: a live page on a terminal, lines elsewhere."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from gridobs.testbed.http_api import FIRING, PENDING
from gridobs.testbed.settings import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from gridobs.testbed.audit import Audit
    from gridobs.testbed.meters.ledger import Tally
    from gridobs.testbed.settings import Settings
    from gridobs.testbed.status import ObjectiveStatus
    from gridobs.testbed.story import Event
    from gridobs.testbed.summary import Latency

_NO_DATA = "no data"
_EVENT_STYLES = {
    "fault": "bold red",
    PENDING: "yellow",
    "page": "bold red",
    "ticket": "yellow",
    "resolved": "green",
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a view shows at one moment."""

    elapsed: float
    tally: Tally
    latency: Latency
    objectives: Sequence[ObjectiveStatus]


def page(settings: Settings, snapshot: Snapshot, events: Sequence[Event], began: float) -> RenderableType:
    """The live page.

    Args:
        settings: of the substation.
        snapshot: what to show.
        events: the story so far.
        began: Unix seconds the run started at.
    """
    parts: list[RenderableType] = [headline(settings, snapshot), "", objectives_table(snapshot.objectives), ""]
    if events:
        parts += [story(events, began), ""]
    parts.append(addresses(settings))
    return Group(*parts)


def headline(settings: Settings, snapshot: Snapshot) -> Text:
    tally, latency = snapshot.tally, snapshot.latency
    figures = "  ".join(
        (
            f"{tally.connected} meters",
            f"{tally.rate:.0f} records/s",
            f"P50 {_milliseconds(latency.p50)}",
            f"P99 {_milliseconds(latency.p99)}",
            f"P99.9 {_milliseconds(latency.p999)}",
        )
    )
    up = dt.timedelta(seconds=int(snapshot.elapsed))
    return Text.assemble((f"{settings.site}", "bold"), f" ({settings.region})  up {up}\n{figures}")


def objectives_table(objectives: Sequence[ObjectiveStatus]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("objective", no_wrap=True)
    for title in ("target", "good, 5m", "burn", "budget left"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("alert", no_wrap=True)
    for row in objectives:
        table.add_row(
            row.name,
            _percent(row.objective),
            _percent(row.sli),
            _NO_DATA if row.burn_rate is None else f"{row.burn_rate:.2f}",
            _percent(row.budget_left, digits=1),
            _alert(row),
            style="dim" if row.sli is None else "",
        )
    return table


def event_line(event: Event, began: float) -> Text:
    """``+ 1:23  page      MqttAvailabilityBudgetBurn: …``; minutes and seconds since the start, as one line."""
    return Text("  ").join(_event(event, began))


def story(events: Sequence[Event], began: float) -> Table:
    """The same for all events, with the details wrapped in a column of their own."""
    table = Table.grid(padding=(0, 2))
    for event in events:
        table.add_row(*_event(event, began))
    return table


def _event(event: Event, began: float) -> tuple[Text, Text, Text]:
    offset = max(0, round(event.at - began))
    return (
        Text(f"+{offset // 60:2d}:{offset % 60:02d}", "dim"),
        Text(f"{event.what:<8}", _EVENT_STYLES.get(event.what, "")),
        Text(event.detail),
    )


def addresses(settings: Settings) -> Text:
    return Text(
        f"Prometheus   {settings.url(Part.PROMETHEUS)}\nAlertmanager {settings.url(Part.ALERTMANAGER)}/api/v2/alerts",
        style="dim",
    )


def books_line(books: Audit) -> Text:
    dead = f" and {books.dead_letters} dead letters" if books.dead_letters else ""
    return Text.assemble(
        f"{books.acknowledged} records acknowledged to the meters, {books.stored} stored{dead}: ",
        (f"{books.lost} lost, {books.counted_twice} counted twice", "green" if books.clean else "bold red"),
    )


def _alert(row: ObjectiveStatus) -> Text:
    firing = [alert for alert in row.alerts if alert.state == FIRING]
    for alert in firing or row.alerts:
        return Text(f"{alert.severity} {alert.state}", style="bold red" if firing else "yellow")
    return Text("-", style="dim")


def _percent(ratio: float | None, digits: int = 2) -> str:
    return _NO_DATA if ratio is None else f"{100 * ratio:.{digits}f} %"


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{1000 * value:.1f} ms"

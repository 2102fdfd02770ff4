"""What a person sees of a pass of the back-fill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from gridobs.fleet.backfill.visit import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from gridobs.fleet.backfill.service import Report
    from gridobs.fleet.backfill.visit import Outcome

_NONE = "-"


def parts(report: Report, *, dry_run: bool) -> Iterator[RenderableType]:
    """A table of the sites with holes, and a line about all."""
    if report.outcomes:
        yield _table(report, dry_run=dry_run)
    yield Text(_summary(report, dry_run=dry_run))


def as_object(report: Report) -> dict[str, Any]:
    """As JSON has it. Times are Unix seconds, and durations seconds."""
    return {
        "pulled": report.pulled,
        "dark": list(report.dark),
        "sites": [
            {
                "site": one.site,
                "holes": [{"after": span.after / 1000, "before": span.before / 1000} for span in one.holes],
                "hole_seconds": seconds(one.holes),
                "filled_seconds": seconds(one.filled),
                "empty_seconds": seconds(one.empty),
                "left_seconds": one.left,
                "samples": one.samples,
                "refused": one.refused,
                "dropped": {str(reason): count for reason, count in sorted(one.dropped.items())},
                "reason": str(one.reason) if one.reason else None,
                "fault": one.fault or None,
            }
            for one in report.outcomes
        ],
    }


def _table(report: Report, *, dry_run: bool) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("site", overflow="fold", min_width=8)
    for title in ("holes", "length") if dry_run else ("holes", "length", "filled", "not at site", "samples"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("longest" if dry_run else "result", overflow="fold")
    for one in report.outcomes:
        table.add_row(one.site, str(len(one.holes)), _duration(seconds(one.holes)), *_rest(one, dry_run=dry_run))
    return table


def _rest(one: Outcome, *, dry_run: bool) -> tuple[RenderableType, ...]:
    if dry_run:
        return (_duration(max(hole.seconds for hole in one.holes)),)
    return (
        _duration(seconds(one.filled)),
        _duration(seconds(one.empty)),
        f"{one.samples:,}",
        Text(one.fault, "red") if one.fault else Text("to go on", "yellow") if one.left else Text("done", "green"),
    )


def _summary(report: Report, *, dry_run: bool) -> str:
    holes = sum(len(one.holes) for one in report.outcomes)
    dark = f"; {len(report.dark)} dark, which cannot be asked now" if report.dark else ""
    found = f"{report.pulled} sites pulled{dark}; {holes} holes at {len(report.outcomes)} sites"
    if dry_run:
        return found
    dropped = sum(sum(one.dropped.values()) for one in report.outcomes)
    refused = sum(one.refused for one in report.outcomes)
    samples = sum(one.samples for one in report.outcomes)
    left = sum(bool(one.left) for one in report.outcomes)
    more = "".join(
        f"; {count} {what}"
        for count, what in (
            (dropped, "series left out that may not leave a site"),
            (refused, "samples that the hub has otherwise"),
            (left, "sites with holes still"),
        )
        if count
    )
    return f"{found}; {samples:,} samples written{more}"


def _duration(length: float) -> str:
    """In hours and minutes, or seconds below a minute."""
    if not length:
        return _NONE
    hours, minutes = divmod(round(length / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{length:.0f} s"

"""``gridobs slo status``: how every objective stands now, the worst first."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gridobs.cli import connection
from gridobs.conventions import SEVERITY_PAGE
from gridobs.errors import UsageError
from gridobs.slo.status import Scope, read_standings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs.slo.status import Standing

_NO_DATA = "-"
_PIPE_WIDTH = 240
_ALMOST_ALL = 0.995
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))


def status(
    *,
    prometheus: connection.PrometheusUrl,
    slo: Annotated[str | None, typer.Option(help="Only this objective.")] = None,
    service: Annotated[str | None, typer.Option(help="Only objectives of this service.")] = None,
    site: Annotated[str | None, typer.Option(help="Only this site; at a hub.")] = None,
    region: Annotated[str | None, typer.Option(help="Only this region; at a hub.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object for each row.")] = False,
    ca_file: connection.CaFile = None,
    cert_file: connection.CertFile = None,
    key_file: connection.KeyFile = None,
    token_file: connection.TokenFile = None,
    timeout: connection.Timeout = 30.0,
) -> None:
    """Show how every objective stands now, at every site the server has: the worst first.

    "-" is no data, which is neither good nor bad. "raw left" is the budget had nothing been excluded, "data seen" the
    share of the period with data, "gone in" how long the budget lasts at the burn of the last 5 minutes.
    """
    client = connection.connect(
        prometheus,
        ca_file=ca_file,
        cert_file=cert_file,
        key_file=key_file,
        token_file=token_file,
        timeout=timeout,
    )
    scope = Scope(slo=slo, service=service, site=site, region=region)
    standings = read_standings(client, scope)
    if not standings:
        raise UsageError(
            f"{client.url} has no objective {'like this' if scope != Scope() else 'at all'}; "
            "see whether it loads the generated rules, and the filters"
        )
    if as_json:
        typer.echo(json.dumps([_as_object(one) for one in standings], indent=2))
        return
    console = Console()
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    console.print(standings_table(standings))


def standings_table(standings: Sequence[Standing]) -> Table:
    """One row for each objective and site. Columns that would say nothing are left out."""
    at_hub = any(one.site for one in standings)
    raw = any(_raw_differs(one) for one in standings)
    periods = {one.period for one in standings if one.period}
    common = periods.pop() if len(periods) == 1 else None
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    table.add_column("objective", overflow="fold", min_width=12)
    if at_hub:
        table.add_column("site", overflow="fold", min_width=8)
    table.add_column(f"target\nin {common}" if common else "target", justify="right", no_wrap=True)
    if not common:
        table.add_column("over", no_wrap=True)
    for title in ("good\n5 min", "burn\n5 min", "budget\nleft"):
        table.add_column(title, justify="right", no_wrap=True)
    if raw:
        table.add_column("raw\nleft", justify="right", no_wrap=True)
    for title in ("data\nseen", "gone\nin"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("alert", no_wrap=True)
    for one in standings:
        table.add_row(
            one.slo,
            *([one.site or _NO_DATA] if at_hub else []),
            _target(one.objective),
            *([] if common else [one.period or _NO_DATA]),
            _percent(one.sli, 2),
            _burn(one.burn_rate),
            Text(_percent(one.budget_left, 1), _budget_style(one.budget_left)),
            *([_percent(one.raw_budget_left, 1)] if raw else []),
            Text(_percent(one.coverage, 0), "" if (one.coverage or 0) >= _ALMOST_ALL else "yellow"),
            _duration(one.seconds_to_exhaustion),
            _alerts(one),
            style="dim" if one.sli is None and one.budget_left is None else "",
        )
    return table


def _as_object(one: Standing) -> dict[str, Any]:
    """As JSON has it: it knows no infinity, so ``never_exhausted`` says it."""
    never = one.seconds_to_exhaustion is not None and math.isinf(one.seconds_to_exhaustion)
    content = asdict(one) | {"never_exhausted": never}
    if never:
        content["seconds_to_exhaustion"] = None
    return content


def _raw_differs(one: Standing) -> bool:
    return one.raw_budget_left is not None and _percent(one.raw_budget_left, 1) != _percent(one.budget_left, 1)


def _target(objective: float | None) -> str:
    return _NO_DATA if objective is None else f"{100 * objective:.6g}%"


def _percent(ratio: float | None, digits: int) -> str:
    """Cut rather than rounded up, so that 99.999 % is never shown as all."""
    if ratio is None or math.isnan(ratio):
        return _NO_DATA
    scale = 10**digits
    return f"{math.floor(round(100 * ratio * scale, 6)) / scale:.{digits}f}%"


def _burn(rate: float | None) -> str:
    return _NO_DATA if rate is None else f"{rate:.2f}" if rate < 100 else f"{rate:.0f}"  # noqa: PLR2004 - width


def _budget_style(left: float | None) -> str:
    return "" if left is None else "bold red" if left <= 0 else "yellow" if left < 0.25 else ""  # noqa: PLR2004 - taste


def _duration(seconds: float | None) -> str:
    """In the largest unit it has one of."""
    if seconds is None:
        return _NO_DATA
    if seconds <= 0:
        return "gone"
    if math.isinf(seconds):
        return "never"
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds >= size), _UNITS[-1])
    return f"{seconds / size:.0f} {unit}"


def _alerts(one: Standing) -> Text:
    """The most urgent, and how many more."""
    if not one.alerts:
        return Text("none", style="dim")
    first, more = one.alerts[0].severity or "yes", len(one.alerts) - 1
    return Text(f"{first} +{more}" if more else first, style="bold red" if first == SEVERITY_PAGE else "yellow")

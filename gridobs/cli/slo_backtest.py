"""``gridobs slo backtest``: what objectives would have done over data that is already there."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from gridobs.cli import backtest_view, connection
from gridobs.cli.backtest_view import Tried
from gridobs.cli.durations import seconds as duration
from gridobs.errors import Findings, UsageError
from gridobs.rules.durations import seconds
from gridobs.slo.backtest import Span, empty_selectors, fetch, from_first_data
from gridobs.slo.openslo.chosen import load_chosen
from gridobs.slo.settings import load_settings
from gridobs.slo.simulation import simulate
from gridobs.slo.variants import Changes, check_step, variants

if TYPE_CHECKING:
    from gridobs.prometheus import Client
    from gridobs.slo.backtest import Progress
    from gridobs.slo.model import Objective
    from gridobs.slo.variants import Variant

_SOURCES = Path("alerts")
_PIPE_WIDTH = 120


def backtest(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An OpenSLO file, or a folder of them.")],
    *,
    prometheus: connection.PrometheusUrl,
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="From when: 2026-11-01 or 2026-11-01T12:30, UTC.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Until when; now without it.")] = None,
    last: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION", help="This long up to --to; without it and --from all data, at most the period."
        ),
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option(metavar="SHARE", help="Try this target too, such as 0.9995. Repeatable.")
    ] = None,
    alert_windows: Annotated[
        list[str] | None,
        typer.Option(metavar="TIERS", help="Try these too, such as 'page 1h/5m 2%, ticket 3d/6h 10%'. Repeatable."),
    ] = None,
    min_bad_events: Annotated[
        list[int] | None, typer.Option(min=0, metavar="COUNT", help="Try this count too. Repeatable.")
    ] = None,
    step: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help="Between evaluations; a multiple of the rules' own interval, for a faster answer.",
        ),
    ] = None,
    recorded: Annotated[
        bool, typer.Option("--recorded", help="Read the events the rules recorded, not the counters.")
    ] = False,
    sources: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder with settings.yaml and slos/ that FILE may refer to; alerts without it."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object for each objective.")] = False,
    ca_file: connection.CaFile = None,
    cert_file: connection.CertFile = None,
    key_file: connection.KeyFile = None,
    token_file: connection.TokenFile = None,
    timeout: connection.Timeout = 120.0,
) -> None:
    """Show what objectives would have done over recorded data: pages, tickets, budget left.

    No rule need have run. Each --target, --alert-windows and --min-bad-events is tried by itself.
    """
    if sources and not sources.is_dir():
        raise UsageError(f"{sources} is not a folder; name the one that holds settings.yaml and slos/")
    around = sources or _SOURCES
    settings = load_settings(around)
    changes = Changes(targets=target or (), alert_windows=alert_windows or (), min_bad_events=min_bad_events or ())
    every = _step(step, settings.interval)
    tries = [variants(one.objective, changes) for one in load_chosen(file, around, settings)]
    for one in (variant for each in tries for variant in each):
        check_step(one.objective, every)
    client = connection.connect(
        prometheus,
        ca_file=ca_file,
        cert_file=cert_file,
        key_file=key_file,
        token_file=token_file,
        timeout=timeout,
    )
    end = min(_unix(until, "--to") if until else time.time(), time.time())
    begin = end - duration(last) if last else _unix(since, "--from") if since else None
    if since and last:
        raise UsageError("--from and --last both say where to begin; leave one of them out")
    tried: list[Tried] = []
    silent: list[str] = []
    for each in tries:
        objective = each[0].objective
        span = Span.of(end - seconds(objective.table.period) if begin is None else begin, end, every)
        found = _try(client, each, span, recorded=recorded, trim=begin is None)
        if found:
            tried.append(found)
        else:
            silent.append(_why_silent(client, objective, span, recorded=recorded))
    if as_json:
        typer.echo(json.dumps([backtest_view.as_object(one) for one in tried], indent=2))
    else:
        _print(tried, settings.interval)
    if silent:
        raise Findings("\n".join(silent))


def _print(tried: list[Tried], interval: str) -> None:
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _PIPE_WIDTH
    for one in tried:
        for part in backtest_view.parts(one, seconds(interval)):
            console.print(part)


def _try(client: Client, each: tuple[Variant, ...], span: Span, *, recorded: bool, trim: bool) -> Tried | None:
    """None without data."""
    objective = each[0].objective
    ledger = fetch(client, objective, span, recorded=recorded, progress=_progress(objective.name))
    if sys.stderr.isatty():
        typer.echo("\r\033[K", err=True, nl=False)
    begun = from_first_data(ledger)
    if begun is None:
        return None
    used = begun if trim else ledger
    return Tried(
        asked=span,
        start=used.start,
        end=used.end,
        interval=used.interval,
        outcomes=tuple((variant, simulate(variant.objective, used)) for variant in each),
    )


def _progress(name: str) -> Progress:
    def show(done: int, of: int) -> None:
        if sys.stderr.isatty():
            typer.echo(f"\r\033[K{name}: {done} of {of} answers", err=True, nl=False)

    return show


def _why_silent(client: Client, objective: Objective, span: Span, *, recorded: bool) -> str:
    within = f"between {backtest_view.moment(span.start)} and {backtest_view.moment(span.end)} UTC"
    if recorded:
        return f"{objective.name}: nothing was recorded {within}; leave out --recorded to read the counters"
    empty = empty_selectors(client, objective, span)
    if not empty:
        return f"{objective.name}: the selectors gave series {within}, but no events; see whether they are counters"
    names = " and ".join(empty)
    return (
        f"{objective.name}: no data {within}: {names} gave nothing; see the selector, and how far back data is kept"
    )


def _step(text: str | None, interval: str) -> int:
    step = int(duration(text)) if text else seconds(interval)
    if not step or step % seconds(interval):
        raise UsageError(f"--step {text} is not a multiple of the evaluation interval {interval}; write e.g. 2m")
    return step


def _unix(text: str, option: str) -> float:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text} is not a time; write it like 2026-11-01 or 2026-11-01T12:30") from None
    return (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).timestamp()

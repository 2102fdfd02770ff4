"""``gridobs validate``: everything that is wrong with sources, before anything runs."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import gridobs
from gridobs.cli import connection
from gridobs.cli.problem_formats import Format, rendered
from gridobs.errors import Findings, UsageError
from gridobs.slo.live import Cost, check_live
from gridobs.slo.validation import Validation
from gridobs.slo.validation import validate as validated

if TYPE_CHECKING:
    from collections.abc import Sequence

_PIPED = "-"
_STREAM = Path("stdin")


def validate(
    *,
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Files, folders, or - for what is piped in.", show_default=False),
    ],
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
    output: Annotated[Format, typer.Option("--format", help="How problems are written.")] = Format.TEXT,
    prometheus: Annotated[
        str | None, typer.Option(metavar="URL", help="Look there for the series, too, if there is no error.")
    ] = None,
    ca_file: connection.CaFile = None,
    cert_file: connection.CertFile = None,
    key_file: connection.KeyFile = None,
    token_file: connection.TokenFile = None,
    timeout: connection.Timeout = 30.0,
) -> None:
    """Check objectives, alert rules, exclusions and settings, and the queries in them.

    A folder with slos/, such as alerts, is checked whole. Exit status: 0 without errors, 1 with, 2 on wrong usage.
    """
    client = (
        connection.connect(
            prometheus,
            ca_file=ca_file,
            cert_file=cert_file,
            key_file=key_file,
            token_file=token_file,
            timeout=timeout,
        )
        if prometheus
        else None
    )
    now = time.time()
    result = validated([Path(path) for path in paths if path != _PIPED], _streams(paths), now)
    costs: tuple[Cost, ...] = ()
    if client and not result.errors:
        live = check_live(result.objectives, client, result.settings.compile_options(), now)
        result = replace(result, problems=tuple(sorted({*result.problems, *live.problems})))
        costs = live.costs
    if text := rendered(output, result.problems, costs, version=gridobs.__version__, here=Path.cwd()):
        typer.echo(text)
    if costs and output is Format.TEXT:
        _show_costs(costs)
    summary = _summary(result)
    if result.errors or (strict and result.warnings):
        raise Findings(summary)
    typer.echo(summary, err=bool(result.problems) or output is not Format.TEXT)


def _show_costs(costs: Sequence[Cost]) -> None:
    table = Table("objective", box=SIMPLE_HEAD)
    for column in ("series selected", "samples an evaluation"):
        table.add_column(column, justify="right")
    for cost in costs:
        table.add_row(cost.slo, f"{cost.series}", f"{cost.samples}")
    Console().print(table)


def _streams(paths: list[str]) -> list[tuple[Path, str]]:
    if _PIPED not in paths:
        return []
    if sys.stdin.isatty():
        raise UsageError("- reads what is piped in, and nothing is; name a file or a folder")
    try:
        return [(_STREAM, sys.stdin.buffer.read().decode("utf-8-sig"))]
    except UnicodeDecodeError:
        raise UsageError("what is piped in is not UTF-8; convert it first") from None


def _summary(result: Validation) -> str:
    if not result.problems:
        return (
            f"{_count(len(result.objectives), 'objective')}, {_count(result.alert_rules, 'alert rule')}, "
            f"{_count(result.exclusions, 'exclusion')}: no problems"
        )
    blamed = len({problem.path for problem in result.problems})
    return (
        f"{_count(len(result.problems), 'problem')} ({_count(len(result.errors), 'error')}, "
        f"{_count(len(result.warnings), 'warning')}) in {blamed} of {_count(result.files, 'file')}"
    )


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"

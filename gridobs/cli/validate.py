"""``gridobs validate``: everything that is wrong with sources, before anything runs."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

import gridobs
from gridobs.cli.problem_formats import Format, rendered
from gridobs.errors import Findings, UsageError
from gridobs.slo.validation import Validation
from gridobs.slo.validation import validate as validated

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
) -> None:
    """Check objectives, alert rules, exclusions and settings, and the queries in them.

    A folder with slos/, such as alerts, is checked whole. Exit status: 0 without errors, 1 with, 2 on wrong usage.
    """
    result = validated([Path(path) for path in paths if path != _PIPED], _streams(paths), time.time())
    if text := rendered(output, result.problems, version=gridobs.__version__, here=Path.cwd()):
        typer.echo(text)
    summary = _summary(result)
    if result.errors or (strict and result.warnings):
        raise Findings(summary)
    typer.echo(summary, err=bool(result.problems) or output is not Format.TEXT)


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

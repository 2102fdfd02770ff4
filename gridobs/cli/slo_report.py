"""``gridobs slo report``: what every objective came to in a calendar period."""

from __future__ import annotations

import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from gridobs.cli import connection
from gridobs.errors import UsageError
from gridobs.rules.durations import seconds
from gridobs.slo.report import csv, html, markdown
from gridobs.slo.report.collect import Request, collect
from gridobs.slo.report.period import last_month, parse
from gridobs.slo.status import Scope

if TYPE_CHECKING:
    from gridobs.slo.report.model import Report

OutFile = Annotated[Path | None, typer.Option(metavar="FILE", help="Write it here instead of to stdout.")]
OutFolder = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Write all formats into this folder, as slo-PERIOD.*.")
]


class ReportFormat(StrEnum):
    MARKDOWN = "md"
    HTML = "html"
    CSV = "csv"
    JSON = "json"


def report(
    *,
    prometheus: connection.PrometheusUrl,
    period: Annotated[
        str | None,
        typer.Option(
            metavar="PERIOD",
            help="2026-10, 2026-Q4, or 2026-10-05..2026-10-18 with both days. [default: last month]",
        ),
    ] = None,
    time_zone: Annotated[
        str, typer.Option(metavar="ZONE", help="By whose clocks days begin: an IANA name, such as Europe/Berlin.")
    ] = "UTC",
    output: Annotated[
        ReportFormat, typer.Option("--format", help="md and html show the worst sites; csv and json all of them.")
    ] = ReportFormat.MARKDOWN,
    out: OutFile = None,
    out_dir: OutFolder = None,
    worst: Annotated[int, typer.Option(min=1, help="How many sites of each objective md and html show.")] = 10,
    slo: Annotated[str | None, typer.Option(help="Only this objective.")] = None,
    service: Annotated[str | None, typer.Option(help="Only objectives of this service.")] = None,
    site: Annotated[
        str | None, typer.Option(help="Only this site. At a site, whose series do not name it: how to call it.")
    ] = None,
    region: Annotated[str | None, typer.Option(help="Only this region.")] = None,
    interval: Annotated[
        str, typer.Option(metavar="DURATION", help="Between evaluations of the rules; coverage counts by it.")
    ] = "30s",
    ca_file: connection.CaFile = None,
    cert_file: connection.CertFile = None,
    key_file: connection.KeyFile = None,
    token_file: connection.TokenFile = None,
    timeout: connection.Timeout = 120.0,
) -> None:
    """Report whether every objective was met in a calendar period, by site, region and fleet.

    The figures are event counts of the ledger that the rules record, so that anyone can recompute them.
    """
    if out and out_dir:
        raise UsageError("--out writes one format and --out-dir all; leave one of them out")
    now = time.time()
    client = connection.connect(
        prometheus,
        ca_file=ca_file,
        cert_file=cert_file,
        key_file=key_file,
        token_file=token_file,
        timeout=timeout,
    )
    request = Request(
        period=parse(period, time_zone) if period else last_month(now, time_zone),
        now=now,
        interval=_seconds(interval),
        scope=Scope(slo=slo, service=service, site=site, region=region),
        site=site,
    )
    made = collect(client, request)
    if out_dir:
        for one in ReportFormat:
            _write(out_dir / f"slo-{made.period.name}.{one.value}", _render(made, one, worst))
    elif out:
        _write(out, _render(made, output, worst))
    else:
        sys.stdout.write(_render(made, output, worst))


def _seconds(interval: str) -> int:
    try:
        return seconds(interval)
    except ValueError as error:
        raise UsageError(f"--interval: {error}") from None


def _render(made: Report, output: ReportFormat, worst: int) -> str:
    match output:
        case ReportFormat.MARKDOWN:
            return markdown.render(made, worst=worst)
        case ReportFormat.HTML:
            return html.render(made, worst=worst)
        case ReportFormat.CSV:
            return csv.render(made)
        case ReportFormat.JSON:
            return csv.render_json(made)
        case _:
            assert_never(output)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}; name another with --out or --out-dir"
        ) from None
    typer.echo(f"written: {path}")

"""``gridobs slo``: what can be done with objectives."""

from __future__ import annotations

import typer

from gridobs.cli.slo_backtest import backtest
from gridobs.cli.slo_import import import_
from gridobs.cli.slo_report import report
from gridobs.cli.slo_status import status

app = typer.Typer(name="slo", help="Import, look at, report on and try objectives.", no_args_is_help=True)
app.command("import")(import_)
app.command()(status)
app.command()(report)
app.command()(backtest)

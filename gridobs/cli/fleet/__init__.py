"""``gridobs fleet``: what can be done with an inventory of sites."""

from __future__ import annotations

import typer

from gridobs.cli.fleet.backfill import backfill
from gridobs.cli.fleet.init import init
from gridobs.cli.fleet.plan import plan
from gridobs.cli.fleet.prove import prove
from gridobs.cli.fleet.render import render
from gridobs.cli.fleet.simulate import simulate

app = typer.Typer(name="fleet", help="Render, prove, plan, simulate and mend a fleet of sites.", no_args_is_help=True)

app.command()(backfill)
app.command()(init)
app.command()(plan)
app.command()(prove)
app.command()(render)
app.command()(simulate)

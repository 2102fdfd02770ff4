"""``gridobs fleet``: what can be done with an inventory of sites."""

from __future__ import annotations

import typer

from gridobs.cli.fleet.render import render

app = typer.Typer(name="fleet", help="Render, prove, plan, simulate and mend a fleet of sites.", no_args_is_help=True)

app.command()(render)

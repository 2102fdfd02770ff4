"""The command tree and the one place where errors become text and exit codes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import gridobs
from gridobs.cli import fleet, slo
from gridobs.cli.demo import demo
from gridobs.cli.explain import explain
from gridobs.cli.generate import generate
from gridobs.cli.validate import validate
from gridobs.errors import Findings, GridObsError

app = typer.Typer(
    name="gridobs",
    help="Observability and SLOs for edge fleets.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(*, value: bool) -> None:
    if value:
        typer.echo(f"gridobs {gridobs.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Observability and SLOs for edge fleets."""


app.command()(demo)
app.command()(explain)
app.command()(generate)
app.command()(validate)
app.add_typer(fleet.app)
app.add_typer(slo.app)


def run() -> None:
    """Exit 0 when all is well, 1 on findings, 2 on wrong usage or broken input."""
    try:
        app()
    except GridObsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1 if isinstance(error, Findings) else 2) from None

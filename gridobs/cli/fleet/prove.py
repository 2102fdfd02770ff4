"""``gridobs fleet prove``: what can leave a site, from its rules alone."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from gridobs import conventions
from gridobs.errors import Findings
from gridobs.fleet import egress

if TYPE_CHECKING:
    from gridobs.fleet.egress import Proof

_SOURCES = Path("alerts")
_PIPE_WIDTH = 240


def prove(
    *,
    sources: Annotated[
        Path, typer.Option(help="Folder with slos/, rules/, exclusions/, settings.yaml and egress.yaml.")
    ] = _SOURCES,
    min_devices: Annotated[
        int, typer.Option(min=1, help="How many devices must be behind a figure of devices.")
    ] = conventions.MIN_DEVICES,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show every series that can leave a site, and fail on any that must not.

    From the rules: each name that passes the gate, the labels its series can carry, and how many there are of it at
    most. Exit status: 0 when all of it may leave, 1 when something must not, 2 on wrong usage or broken sources.
    """
    proof = egress.prove(sources, min_devices=min_devices)
    if as_json:
        typer.echo(json.dumps(_as_object(proof), indent=2))
    else:
        _show(proof)
    if proof.problems:
        found = len(proof.problems)
        raise Findings(f"{found} {'problem' if found == 1 else 'problems'}; gridobs explain CODE says more")


def _as_object(proof: Proof) -> dict[str, object]:
    leaves = proof.egress
    return {
        "names": len(leaves.names),
        "bound": leaves.bound,
        "labels": leaves.labels,
        "series": [asdict(one) for one in leaves.series],
        "problems": [
            {
                "path": str(one.path),
                "line": one.line,
                "column": one.column,
                "code": one.code,
                "message": one.message,
                "cure": one.cure,
            }
            for one in proof.problems
        ],
    }


def _show(proof: Proof) -> None:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("name", overflow="fold")
    table.add_column("labels", overflow="fold")
    for title in ("series\nat most", "every\ns"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("recorded by", overflow="fold")
    for name in proof.egress.names:
        named = [one for one in proof.egress.series if one.name == name]
        sources = sorted({one.source for one in named})
        table.add_row(
            name,
            ", ".join(sorted({label for one in named for label in one.labels})) or "-",
            f"{sum(one.bound for one in named)}",
            f"{min(one.interval for one in named)}",
            sources[0] if len(sources) == 1 else f"{len(sources)} files, {sources[0]} first",
        )
    console = Console(emoji=False, markup=False)  # or site:heartbeat:time shows a heart
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    console.print(table)
    typer.echo(
        f"\n{len(proof.egress.names)} names, at most {proof.egress.bound} series of a site, "
        f"with no labels but {', '.join(proof.egress.labels)}"
    )
    for problem in proof.problems:
        typer.echo(str(problem))

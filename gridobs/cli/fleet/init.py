"""``gridobs fleet init``: an inventory to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gridobs.errors import UsageError
from gridobs.fleet import inventory
from gridobs.fleet.inventory.invention import MOST_REGIONS, MOST_SITES

_OUT = Path("fleet.yaml")
_REGIONS = 6


def init(
    *,
    sites: Annotated[int, typer.Option(min=1, max=MOST_SITES, help="How many substations.")] = 1000,
    regions: Annotated[
        int | None,
        typer.Option(
            min=1, max=MOST_REGIONS, help="How many regions they are in.", show_default="6, or one for each"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same fleet.")] = 1,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The inventory to write.")] = _OUT,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write the inventory of a plausible fleet, to try the other commands on and to write an own one from."""
    regions = regions or min(_REGIONS, sites)
    if regions > sites:
        raise UsageError(f"{sites} sites cannot be in {regions} regions; write fewer --regions")
    if out.suffix != ".yaml":
        raise UsageError(f"{out} will hold YAML; name it *.yaml with --out")
    fleet = inventory.invent(sites=sites, regions=regions, seed=seed, source=out.name)
    try:
        with out.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(inventory.dump(fleet))
    except FileExistsError:
        raise UsageError(f"{out} is there already; write over it with --force, or name another with --out") from None
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}; name another with --out") from None
    typer.echo(f"written: {out}, {sites} sites in {regions} regions, {len(fleet.watched)} of them watched")

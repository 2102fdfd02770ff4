"""``gridobs fleet render``: one inventory to the files of hub and sites; or, with --check, what of them differs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

import typer

from gridobs import artifacts
from gridobs.errors import Findings, UsageError
from gridobs.fleet import edge, egress, hub, sharding
from gridobs.fleet import inventory as inventories
from gridobs.fleet.hub import placement, visibility
from gridobs.fleet.inventory import address as addresses
from gridobs.slo.promql import PrometheusVersion
from gridobs.slo.settings import load_settings

if TYPE_CHECKING:
    from gridobs.artifacts import Artifact, Drift
    from gridobs.fleet.model import Fleet

_INVENTORY = Path("fleet.yaml")
_SOURCES = Path("alerts")
_SHOWN = 20
_DONE = {
    artifacts.State.MISSING: "created",
    artifacts.State.STALE: "updated",
    artifacts.State.ORPHANED: "removed",
}


def render(
    *,
    inventory: Annotated[Path, typer.Option(help="The sites, regions and the hub; YAML, or CSV.")] = _INVENTORY,
    out: Annotated[Path, typer.Option(help="Folder the files go into; gridobs owns all of it.")],
    sources: Annotated[
        Path, typer.Option(help="Folder with slos/, rules/, settings.yaml and hub/slos/: what leaves a site.")
    ] = _SOURCES,
    prometheus_version: Annotated[
        PrometheusVersion,
        typer.Option(help="The oldest Prometheus the files must be right for; 2.42 is right for 3.x too."),
    ] = PrometheusVersion.V2_42,
    backfill_address: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT",
            help="Where each shard scrapes its back-fill, {shard} being its number; empty where none runs.",
        ),
    ] = hub.Settings().backfill_address,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a file would change.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
) -> None:
    """Render the hub, its Alertmanager, and every site's gate and Prometheus from the inventory.

    Exit status: 0 when all is written or nothing differs, 1 when --check finds a difference, 2 on wrong usage, a
    broken inventory or broken sources.
    """
    _require_address(backfill_address)
    fleet = inventories.load(inventory)
    leaves = egress.derive(sources, options=load_settings(sources).compile_options(prometheus_version))
    files = (
        *hub.render(
            fleet,
            leaves,
            prometheus_version,
            objectives=visibility.load(sources),
            settings=hub.Settings(backfill_address=backfill_address),
        ),
        *edge.render(fleet, leaves, prometheus_version),
    )
    before, after = _before(out), placement.placed((file.path, file.content) for file in files)
    changes = artifacts.drift(files, out) if check else artifacts.write(files, out)
    if as_json:
        typer.echo(json.dumps(_as_object(fleet, files, changes, before, after), indent=2))
    else:
        _tell(fleet, files, before, after)
    if check:
        _report(changes, out, is_told=as_json)
    elif not as_json:
        typer.echo(f"{len(files)} files in {out}; {_counted(changes) or 'none changed'}")


def _require_address(backfill_address: str) -> None:
    """Check that Prometheus can scrape it. Raises UsageError."""
    try:
        if backfill_address:
            addresses.normalise(backfill_address.replace("{shard}", "0"))
    except ValueError as error:
        raise UsageError(f"--backfill-address: {error}") from None


def _before(out: Path) -> dict[str, int]:
    """The shard of each site as the last rendering had it; nothing where there was none."""
    return placement.placed(
        (PurePosixPath(file.relative_to(out)), file.read_text(encoding="utf-8", errors="replace"))
        for file in sorted(out.glob(placement.PATTERN))
        if file.is_file()
    )


def _as_object(
    fleet: Fleet,
    files: tuple[Artifact, ...],
    changes: tuple[Drift, ...],
    before: dict[str, int],
    after: dict[str, int],
) -> dict[str, object]:
    """The same as is told, for a machine; with the ids of the sites that move and the paths of what changed."""
    return {
        "sites": dict(sorted(Counter(str(site.state) for site in fleet.sites).items())),
        "regions": len(fleet.regions),
        "pulled": {str(shard): count for shard, count in sorted(Counter(after.values()).items())},
        "moved": list(sharding.moved(before, after)),
        "files": len(files),
        **{word: [str(one.path) for one in changes if one.state is state] for state, word in _DONE.items()},
    }


def _tell(fleet: Fleet, files: tuple[Artifact, ...], before: dict[str, int], after: dict[str, int]) -> None:
    states = Counter(str(site.state) for site in fleet.sites)
    counted = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    shards = sorted(Counter(after.values()).items())
    typer.echo(f"{len(fleet.sites)} sites ({counted}) in {len(fleet.regions)} regions")
    typer.echo(f"{len(after)} are pulled: " + ", ".join(f"{count} by shard {shard}" for shard, count in shards))
    if before:
        typer.echo(
            f"{len(sharding.moved(before, after))} of {len(before.keys() & after.keys())} sites move to another shard"
        )
    hub_files = sum(file.path.parts[0] == hub.ROOT.name for file in files)
    typer.echo(f"{hub_files} files of the hub, {len(files) - hub_files} of sites, certificates and what they push to")


def _counted(changes: tuple[Drift, ...]) -> str:
    states = Counter(change.state for change in changes)
    return ", ".join(f"{states[state]} {word}" for state, word in _DONE.items() if states[state])


def _report(drifted: tuple[Drift, ...], out: Path, *, is_told: bool) -> None:
    """What differs, unless that has been told already. Raises Findings if anything does."""
    if not is_told:
        for one in drifted[:_SHOWN]:
            typer.echo(f"{one.state}: {out / one.path}\n{one.diff()}", nl=False)
        if len(drifted) > _SHOWN:
            typer.echo(f"and {len(drifted) - _SHOWN} more")
    if drifted:
        raise Findings(f"{len(drifted)} files differ from the inventory; run: gridobs fleet render --out {out}")
    if not is_told:
        typer.echo(f"nothing in {out} differs")

"""``gridobs generate``: sources in, artifacts out; or, with --check, whether they still agree."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gridobs import artifacts
from gridobs.cli.outputs import outputs
from gridobs.slo.promql import PrometheusVersion

_SOURCES = Path("alerts")
_OUT = Path("helm/gridobs-edge/files/generated")
_TESTS_OUT = Path("tests/generated")
_DONE = {artifacts.State.MISSING: "created", artifacts.State.STALE: "updated", artifacts.State.ORPHANED: "removed"}


def generate(
    *,
    sources: Annotated[
        Path, typer.Option(help="Folder with slos/*.yaml, rules/*.yaml and settings.yaml.")
    ] = _SOURCES,
    out: Annotated[Path, typer.Option(help="Folder the generated files go into; gridobs owns all of it.")] = _OUT,
    tests_out: Annotated[
        Path | None,
        typer.Option(
            help="Folder the promtool tests of the rules go into; gridobs owns all of it.",
            show_default=f"{_TESTS_OUT} in the sources",
        ),
    ] = None,
    prometheus_version: Annotated[
        PrometheusVersion,
        typer.Option(help="The oldest Prometheus the rules must be right for; 2.42 is right for 3.x too."),
    ] = PrometheusVersion.V2_42,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a file would change.")] = False,
) -> None:
    """Compile objectives and alerts to the rule files that ship, and to the tests that prove them."""
    tests_out = tests_out or sources / _TESTS_OUT
    made = outputs(sources, prometheus_version, out=out, tests_out=tests_out)
    folders = ((made.shipped, out), (made.tests, tests_out))
    if check:
        _report([(one, folder) for files, folder in folders for one in artifacts.drift(files, folder)])
        return
    for files, folder in folders:
        changes = artifacts.write(files, folder)
        for change in changes:
            typer.echo(f"{_DONE[change.state]} {folder / change.path}")
        typer.echo(f"{len(files)} files in {folder}, {len(changes) or 'none'} changed")


def _report(drifted: list[tuple[artifacts.Drift, Path]]) -> None:
    for one, folder in drifted:
        typer.echo(f"{one.state}: {folder / one.path}\n{one.diff()}", nl=False)
    if drifted:
        typer.echo(f"{len(drifted)} files differ from their sources; run: gridobs generate", err=True)
        raise typer.Exit(1)

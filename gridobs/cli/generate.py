"""``gridobs generate``: sources in, artifacts out; or, with --check, whether they still agree."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from gridobs import artifacts
from gridobs.artifacts import Artifact
from gridobs.codes import Code
from gridobs.errors import Problem, UsageError
from gridobs.rules.handwritten import HandWrittenRules, load_rules
from gridobs.slo.catalogue import CompiledObjective, compile_catalogue
from gridobs.sources import Collector

_SOURCES = Path("alerts")
_OUT = Path("helm/gridobs-edge/files/generated")
_DONE = {artifacts.State.MISSING: "created", artifacts.State.STALE: "updated", artifacts.State.ORPHANED: "removed"}


def generate(
    *,
    sources: Annotated[Path, typer.Option(help="Folder with slos/*.yaml and rules/*.yaml.")] = _SOURCES,
    out: Annotated[Path, typer.Option(help="Folder the generated files go into; gridobs owns all of it.")] = _OUT,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a file would change.")] = False,
) -> None:
    """Compile objectives and alerts to the rule files that ship."""
    made = _artifacts(sources)
    if check:
        _report(artifacts.drift(made, out), out)
        return
    changes = artifacts.write(made, out)
    for change in changes:
        typer.echo(f"{_DONE[change.state]} {out / change.path}")
    typer.echo(f"{len(made)} files in {out}, {len(changes) or 'none'} changed")


def _report(drifted: tuple[artifacts.Drift, ...], out: Path) -> None:
    for one in drifted:
        typer.echo(f"{one.state}: {out / one.path}\n{one.diff()}", nl=False)
    if drifted:
        typer.echo(f"{len(drifted)} files differ from their sources; run: gridobs generate", err=True)
        raise typer.Exit(1)


def _artifacts(sources: Path) -> list[Artifact]:
    """Every file that ships. Raises SourceError with the problems of all sources together."""
    if not sources.is_dir():
        raise UsageError(
            f"{sources} is not a folder; run this at the root of the repository or name one with --sources"
        )
    collector = Collector()
    objectives: tuple[CompiledObjective, ...] = ()
    written: tuple[HandWrittenRules, ...] = ()
    with collector.collect():
        objectives = compile_catalogue(sources)
    with collector.collect():
        written = load_rules(sources)
    names = {one.name: one.source for one in objectives}
    collector.problems += [
        Problem(
            sources.parent / one.source,
            1,
            1,
            Code.DUPLICATE_NAME,
            f"the name is taken by {names[one.name]}",
            "rename the file",
        )
        for one in written
        if one.name in names
    ]
    collector.finish()
    texts = {one.name: one.text for one in objectives} | {one.name: one.text for one in written}
    return [Artifact(PurePosixPath("rules", f"{name}.yaml"), text) for name, text in sorted(texts.items())]

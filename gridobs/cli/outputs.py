"""What ``gridobs generate`` writes: every file, as text, from the sources."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from gridobs.artifacts import Artifact
from gridobs.codes import Code
from gridobs.errors import Problem, UsageError
from gridobs.rules.handwritten import HandWrittenRules, load_rules
from gridobs.rules.render import render_prometheus_rule
from gridobs.slo.catalogue import CompiledObjective, compile_catalogue
from gridobs.slo.exclusions import FOLDER as EXCLUSIONS
from gridobs.slo.exclusions import exclusion_rules, load_exclusions
from gridobs.slo.settings import load_settings
from gridobs.slo.testing import unit_tests
from gridobs.sources import Collector, display

if TYPE_CHECKING:
    from collections.abc import Collection

    from gridobs.slo.model import CompileOptions
    from gridobs.slo.promql import PrometheusVersion

_RULES, _OBJECTS = PurePosixPath("rules"), PurePosixPath("prometheusrules")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """The files that ship, and the tests of their rules; each for a folder of its own."""

    shipped: tuple[Artifact, ...]
    tests: tuple[Artifact, ...]


def outputs(sources: Path, version: PrometheusVersion, *, out: Path, tests_out: Path) -> Outputs:
    """Every file; those in ``tests_out`` name the rules in ``out``.

    Raises SourceError with the problems of all sources together.
    """
    if not sources.is_dir():
        raise UsageError(
            f"{sources} is not a folder; run this at the root of the repository or name one with --sources"
        )
    collector = Collector()
    options: CompileOptions | None = None
    objectives: tuple[CompiledObjective, ...] = ()
    written: tuple[HandWrittenRules, ...] = ()
    with collector.collect():
        settings = load_settings(sources)
        options = settings.compile_options(version)
        objectives = compile_catalogue(sources, options)
    with collector.collect():
        written = load_rules(sources, runbooks=settings.alert_runbooks)
    exclusions: tuple[HandWrittenRules, ...] = ()
    with collector.collect():
        exclusions = _exclusions(sources, [one.name for one in objectives], options)
    names = {one.name: one.source for one in objectives} | {one.name: one.source for one in exclusions}
    collector.problems += [_taken(sources, one, names[one.name]) for one in written if one.name in names]
    collector.finish()
    compiled: list[CompiledObjective | HandWrittenRules] = [*objectives, *written, *exclusions]
    return Outputs(
        shipped=tuple(sorted(artifact for one in compiled for artifact in _shipped(one))),
        tests=tuple(_tests(one, options, out, tests_out) for one in objectives if options),
    )


def _exclusions(sources: Path, slos: Collection[str], options: CompileOptions | None) -> tuple[HandWrittenRules, ...]:
    rules = exclusion_rules(load_exclusions(sources, slos=slos), interval=options.interval if options else None)
    source = display(sources, sources / EXCLUSIONS)
    return (HandWrittenRules(name=EXCLUSIONS, source=source, rules=rules),) if rules else ()


def _taken(sources: Path, rules: HandWrittenRules, other: str) -> Problem:
    path = sources.parent / rules.source
    return Problem(path, 1, 1, Code.DUPLICATE_NAME, f"the name is taken by {other}", "rename the file")


def _shipped(one: CompiledObjective | HandWrittenRules) -> tuple[Artifact, ...]:
    file = f"{one.name}.yaml"
    return (
        Artifact(_RULES / file, one.text),
        Artifact(_OBJECTS / file, render_prometheus_rule(one.rules, one.name, one.source)),
    )


def _tests(one: CompiledObjective, options: CompileOptions, out: Path, tests_out: Path) -> Artifact:
    file = f"{one.name}.yaml"
    rules = Path(os.path.relpath(out / _RULES / file, tests_out)).as_posix()
    text = unit_tests(one.objective, options, rule_file=rules, source=one.source)
    return Artifact(PurePosixPath(file), text)

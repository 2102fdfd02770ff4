"""A folder of SLO files, compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs import sources
from gridobs.codes import Code
from gridobs.errors import Problem, SourceError, UsageError
from gridobs.rules.render import render
from gridobs.slo import spec
from gridobs.slo.compile import compile_objective

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

    from gridobs.rules.model import RuleFile
    from gridobs.slo.model import CompileOptions, Objective

FOLDER = "slos"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledObjective:
    """An objective and its rules. ``source`` is the file to edit, as ``alerts/slos/x.yaml``."""

    objective: Objective
    source: str
    rules: RuleFile

    @property
    def name(self) -> str:
        return self.objective.name

    @property
    def service(self) -> str:
        return self.objective.service

    @property
    def target(self) -> Decimal:
        return self.objective.target

    @property
    def period_days(self) -> int:
        return self.objective.period_days

    @property
    def text(self) -> str:
        """The rule file as Prometheus reads it."""
        return render(self.rules, self.source)


def compile_catalogue(folder: Path, options: CompileOptions) -> tuple[CompiledObjective, ...]:
    """Compile every SLO below ``folder/slos`` (``folder`` is ``alerts`` in this repository), sorted by name.

    Raises UsageError when there is none, SourceError with every problem of every file.
    """
    slos = folder / FOLDER
    if not slos.is_dir():
        raise UsageError(f"{slos} does not exist; name the folder that holds {FOLDER}/, e.g. --sources alerts")
    paths = sources.find(slos)
    if not paths:
        raise UsageError(f"{slos} holds no objective; write one as a *.yaml file, docs/slo.md says how")
    collector = sources.Collector()
    compiled: dict[str, CompiledObjective] = {}
    for path in paths:
        with collector.collect():
            for document in sources.read(path):
                with collector.collect():
                    objective = spec.objective(document)
                    if objective.name in compiled:
                        raise SourceError([_duplicate(document, compiled[objective.name])])
                    compiled[objective.name] = CompiledObjective(
                        objective=objective,
                        source=sources.display(folder, path),
                        rules=compile_objective(objective, options),
                    )
    collector.finish()
    return tuple(compiled[name] for name in sorted(compiled))


def _duplicate(document: sources.Document, other: CompiledObjective) -> Problem:
    message = f"the name '{other.name}' is taken by {other.source}"
    return document.problem(Code.DUPLICATE_NAME, ("metadata", "name"), message, "give each objective its own name")

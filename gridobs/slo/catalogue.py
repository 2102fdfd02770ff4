"""A folder of SLO files, compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs import sources
from gridobs.codes import Code
from gridobs.errors import UsageError
from gridobs.rules.render import render
from gridobs.slo import openslo
from gridobs.slo.compile import compile_objective
from gridobs.slo.settings import load_settings

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

    from gridobs.rules.model import RuleFile
    from gridobs.slo.model import CompileOptions, Objective
    from gridobs.slo.openslo import Loaded
    from gridobs.slo.settings import Settings

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


def compile_catalogue(folder: Path, options: CompileOptions | None = None) -> tuple[CompiledObjective, ...]:
    """Compile every objective below ``folder/slos`` (``folder`` is ``alerts`` in this repository), sorted by name.

    Without ``options``, as ``folder/settings.yaml`` says. Raises UsageError when there is no objective, SourceError
    with every problem of every file.
    """
    settings = load_settings(folder)
    compiled = [
        CompiledObjective(
            objective=one.objective,
            source=sources.display(folder, one.document.path),
            rules=compile_objective(one.objective, options or settings.compile_options()),
        )
        for one in load_objectives(folder, settings)
    ]
    return tuple(sorted(compiled, key=lambda one: one.name))


def load_objectives(folder: Path, settings: Settings) -> tuple[Loaded, ...]:
    """Every objective below ``folder/slos``, in the order of the files. Raises as ``compile_catalogue`` does."""
    slos = folder / FOLDER
    if not slos.is_dir():
        raise UsageError(f"{slos} does not exist; name the folder that holds {FOLDER}/, e.g. --sources alerts")
    paths = sources.find(slos)
    if not paths:
        raise UsageError(f"{slos} holds no objective; write one as a *.yaml file, docs/slo.md says how")
    collector = sources.Collector()
    documents: list[sources.Document] = []
    for path in paths:
        with collector.collect():
            documents += sources.read(path)
    unread = bool(collector.problems)
    loaded: tuple[Loaded, ...] = ()
    with collector.collect():
        loaded = openslo.load(documents, settings)
    if unread:
        collector.problems = [one for one in collector.problems if one.code is not Code.UNKNOWN_REFERENCE]
    collector.finish()
    if not loaded:
        raise UsageError(f"{slos} holds no objective; write a document of kind SLO, docs/slo.md says how")
    return loaded

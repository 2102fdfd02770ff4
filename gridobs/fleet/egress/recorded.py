"""Every recording rule that a site runs, with the place in the file to edit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs import sources
from gridobs.rules.durations import seconds
from gridobs.rules.handwritten import FOLDER as RULES
from gridobs.rules.handwritten import check_rules
from gridobs.rules.model import RecordingRule
from gridobs.rules.site import site_info
from gridobs.slo.catalogue import load_objectives
from gridobs.slo.compile import compile_objective
from gridobs.slo.exclusions import exclusion_rules, load_exclusions
from gridobs.slo.lint.expression import parse
from gridobs.slo.settings import load_settings
from gridobs.slo.validation import problem_at

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from gridobs.codes import Code
    from gridobs.errors import Problem
    from gridobs.rules.model import RuleFile
    from gridobs.slo.model import CompileOptions
    from gridobs.slo.settings import Settings
    from gridobs.sources import Collector, Document, Loc

SITE_INFO_SOURCE = "site-info.yaml"
"""The rule file that each site has of its own; it is rendered, not edited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One recording rule.

    Attributes:
        name: that it records.
        expr: its PromQL.
        labels: that it sets; None is a value that each site has of its own.
        interval: whole seconds between two samples.
        source: the file to edit, as ``alerts/slos/x.yaml``.
        document: of that file, None if nobody edits it.
        loc: the place in the document.
    """

    name: str
    expr: str
    labels: Mapping[str, str | None]
    interval: int
    source: str
    document: Document | None
    loc: Loc = ()

    def problem(self, code: Code, message: str, cure: str) -> Problem:
        if self.document is None:
            raise AssertionError(f"the rule of {self.name} is ours: {message}")
        return self.document.problem(code, self.loc, message, cure)


def load_recorded(folder: Path, options: CompileOptions | None = None) -> tuple[Recorded, ...]:
    """The rules of a folder of sources (``alerts`` in this repository), compiled as ``folder/settings.yaml`` says.

    Raises UsageError when there is no objective, SourceError with every problem of every file.
    """
    collector = sources.Collector()
    found: list[Recorded] = []
    with collector.collect():
        settings = load_settings(folder)
        found += _of_objectives(folder, settings, options or settings.compile_options())
        found += _of_exclusions(folder, settings, {one.labels.get(names.LABEL_SLO) or "" for one in found})
        found += _handwritten(folder, settings, collector)
        found += _site_info(settings)
    collector.finish()
    return tuple(found)


def _of_objectives(folder: Path, settings: Settings, options: CompileOptions) -> Iterator[Recorded]:
    for one in load_objectives(folder, settings):
        source = sources.display(folder, one.document.path)
        for rule in _rules(compile_objective(one.objective, options), source, settings, one.document):
            yield replace(rule, loc=one.loc)


def _of_exclusions(folder: Path, settings: Settings, slos: Collection[str]) -> Iterator[Recorded]:
    exclusions = load_exclusions(folder, slos=slos)
    documents = {one.name: one.document for one in exclusions}
    compiled = exclusion_rules(exclusions, interval=settings.interval)
    for rule in _rules(compiled, "", settings, None) if compiled else ():
        document = documents[rule.labels[names.LABEL_EXCLUSION] or ""]
        yield replace(rule, document=document, source=sources.display(folder, document.path))


def _handwritten(folder: Path, settings: Settings, collector: Collector) -> Iterator[Recorded]:
    for path in sources.find(folder / RULES):
        with collector.collect():
            documents = sources.read(path)
            for rule in _rules(check_rules(documents), sources.display(folder, path), settings, documents[0]):
                _, findings = parse("expr", rule.expr, needs_window=False)
                collector.problems += [
                    problem_at(documents[0], rule.loc, replace(finding, offset=None)) for finding in findings
                ]
                yield rule


def _site_info(settings: Settings) -> Iterator[Recorded]:
    for rule in _rules(site_info("", ""), SITE_INFO_SOURCE, settings, None):
        yield replace(rule, labels=dict.fromkeys(rule.labels))


def _rules(compiled: RuleFile, source: str, settings: Settings, document: Document | None) -> Iterator[Recorded]:
    for at, group in enumerate(compiled.groups):
        for index, rule in enumerate(group.rules):
            if isinstance(rule, RecordingRule):
                yield Recorded(
                    name=rule.record,
                    expr=rule.expr,
                    labels=rule.labels,
                    interval=seconds(group.interval or settings.interval),
                    source=source,
                    document=document,
                    loc=("groups", at, "rules", index, "expr"),
                )

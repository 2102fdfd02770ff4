"""Everything that can be said of a set of source files without running them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gridobs import sources
from gridobs.codes import Code
from gridobs.errors import Problem
from gridobs.rules.handwritten import check_rules
from gridobs.rules.model import AlertRule
from gridobs.slo import openslo
from gridobs.slo.exclusions import check_exclusions, expired
from gridobs.slo.lint import check_queries
from gridobs.slo.lint.expression import parse
from gridobs.slo.queries import declared_edges, indicators
from gridobs.slo.scalars import place
from gridobs.slo.settings import Settings, load_settings
from gridobs.slo.sourceset import Kind, find_sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gridobs.rules.model import RuleFile
    from gridobs.slo.exclusions import Exclusion
    from gridobs.slo.lint import Finding
    from gridobs.slo.openslo import Loaded
    from gridobs.slo.sourceset import Text
    from gridobs.sources import Collector, Document, Loc

_LESS_EXACT = frozenset({Code.INVALID_PROMQL, Code.MISSING_WINDOW})
"""What the loader says of a query the checks have said more of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What was looked at, and every problem of it, sorted."""

    problems: tuple[Problem, ...]
    files: int
    settings: Settings
    objectives: tuple[Loaded, ...]
    """None when any document has an error."""
    alert_rules: int
    exclusions: int

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if not problem.warning)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.warning)


def validate(paths: Sequence[Path], streams: Sequence[tuple[Path, str]], now: float) -> Validation:
    """Check files and folders as one catalogue, in which references may cross files.

    Args:
        paths: files, folders of files, or folders that hold ``slos/``, ``rules/``, ``exclusions/`` and settings.
        streams: further texts, each with the path that problems give it.
        now: Unix seconds, which exclusions are held against.

    Raises:
        UsageError: a path does not exist, holds nothing, or two belong to different catalogues.
    """
    collector = sources.Collector()
    found = find_sources(paths, streams, collector)
    settings = _settings(found.settings, collector)
    documents = [document for text in found.texts(Kind.OPENSLO) for document in text.documents]
    loaded = _check_objectives(documents, settings, collector)
    rules = _check_rules(found.texts(Kind.RULES), {one.objective.name: one for one in loaded}, collector)
    exclusions = _check_exclusions(found.texts(Kind.EXCLUSIONS), loaded, collector, now)
    return Validation(
        problems=tuple(sorted(set(collector.problems))),
        files=found.files,
        settings=settings or Settings(),
        objectives=loaded,
        alert_rules=rules,
        exclusions=exclusions,
    )


def _settings(folder: Path | None, collector: Collector) -> Settings | None:
    """None when they have faults."""
    with collector.collect():
        return load_settings(folder) if folder else Settings()
    return None


def _check_objectives(
    documents: Sequence[Document], settings: Settings | None, collector: Collector
) -> tuple[Loaded, ...]:
    """Problems go to ``collector``, which already holds those of files that could not be read.

    Without settings, those that would only follow from that are left out.
    """
    unread = bool(collector.problems)
    loaded: tuple[Loaded, ...] = ()
    read = sources.Collector()
    with read.collect():
        loaded = openslo.load(documents, settings or Settings()) if documents else ()
    blamed = set()
    for document in documents:
        histograms = {**declared_edges(document), **(settings.histograms if settings else {})}
        for written in indicators(document):
            for finding in check_queries(written.texts, histograms):
                if finding.code is Code.THRESHOLD_NOT_AN_EDGE and not settings:
                    continue
                loc = written.locs[finding.role]
                collector.problems.append(problem_at(document, loc, finding))
                if not finding.warning:
                    blamed.add((document.path, *document.position(loc)))
    collector.problems += [
        one
        for one in read.problems
        if not (one.code in _LESS_EXACT and (one.path, one.line, one.column) in blamed)
        and not (unread and one.code is Code.UNKNOWN_REFERENCE)
    ]
    return loaded if all(problem.warning for problem in collector.problems) else ()


def _check_rules(texts: Sequence[Text], objectives: dict[str, Loaded], collector: Collector) -> int:
    """How many alerts the rule files hold."""
    alerts = 0
    taken = {name: one.document.path for name, one in objectives.items()}
    for text in texts:
        name, document = text.path.stem, text.documents[0]
        if name in taken:
            message = f"the name '{name}' is taken by {taken[name]}"
            collector.problems.append(Problem(text.path, 1, 1, Code.DUPLICATE_NAME, message, "rename the file"))
        taken.setdefault(name, text.path)
        with collector.collect():
            rules = check_rules(text.documents)
            alerts += sum(isinstance(rule, AlertRule) for group in rules.groups for rule in group.rules)
            collector.problems += _expression_problems(document, rules)
    return alerts


def _check_exclusions(texts: Sequence[Text], objectives: Sequence[Loaded], collector: Collector, now: float) -> int:
    """How many there are. Without objectives, as when those have faults, none that is named can be unknown."""
    documents = [document for text in texts for document in text.documents]
    exclusions: tuple[Exclusion, ...] = ()
    with collector.collect():
        exclusions = check_exclusions(documents, [one.objective.name for one in objectives] or None)
    collector.problems += expired(exclusions, now)
    return len(exclusions)


def _expression_problems(document: Document, rules: RuleFile) -> Iterator[Problem]:
    for at, group in enumerate(rules.groups):
        for index, rule in enumerate(group.rules):
            loc = ("groups", at, "rules", index, "expr")
            _, findings = parse("expr", rule.expr, needs_window=False)
            for finding in findings:
                yield problem_at(document, loc, replace(finding, offset=None))


def problem_at(document: Document, loc: Loc, finding: Finding) -> Problem:
    """What is wrong with the query at ``loc``, at its line and column in the file."""
    at = document.position(loc) if finding.offset is None else place(document, loc, finding.offset)
    return Problem(document.path, *at, finding.code, finding.message, finding.cure, finding.warning)

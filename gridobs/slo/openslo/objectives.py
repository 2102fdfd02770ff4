"""One SLO document to the objectives it states, with what only the whole can tell."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs.codes import Code
from gridobs.errors import SourceError
from gridobs.rules.durations import text as duration
from gridobs.slo.model import Budgeting, Comparison, Objective, Occurrences, RatioTimeslices, Timeslices
from gridobs.slo.openslo import windows
from gridobs.slo.openslo.annotations import HARD
from gridobs.slo.openslo.fields import NAME_CURE, SLICE_TARGET_CURE, STRICTEST, THRESHOLD_CURE, is_name
from gridobs.slo.promql import number
from gridobs.sources import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gridobs.errors import Problem
    from gridobs.slo.openslo.documents import DocumentSet, IndicatorPart, Parsed
    from gridobs.slo.openslo.schema import ObjectiveSpec, Slo
    from gridobs.slo.settings import Settings
    from gridobs.slo.windows import WindowTable
    from gridobs.sources import Document, Loc

Place = tuple["Document", "Loc"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """``loc`` is the objective's within ``document``; ``queries`` the places of its queries by role.

    The roles are bad, good, total, raw and threshold; a query may stand in another document.
    """

    objective: Objective
    document: Document
    loc: Loc
    queries: Mapping[str, Place]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """One objective as it stands in its SLO."""

    slo: Parsed[Slo]
    index: int
    spec: ObjectiveSpec
    part: IndicatorPart
    table: WindowTable
    settings: Settings

    @property
    def loc(self) -> Loc:
        return ("spec", "objectives", self.index)

    @property
    def several(self) -> bool:
        return len(self.slo.content.spec.objectives) > 1

    @property
    def method(self) -> str:
        return self.slo.content.spec.budgeting_method

    @property
    def name(self) -> str:
        name = self.slo.content.metadata.name
        return f"{name}-{_slug(self.spec.display_name or '')}" if self.several else name

    @property
    def title(self) -> str:
        display_name = self.slo.content.metadata.display_name
        parts = (
            display_name or (self.name if not self.spec.display_name or self.several else None),
            self.spec.display_name,
        )
        return ": ".join(filter(None, parts))

    def problem(self, code: Code, key: str | None, message: str, cure: str) -> Problem:
        return self.slo.document.problem(code, (*self.loc, key) if key else self.loc, message, cure)


def objectives(slo: Parsed[Slo], found: DocumentSet, settings: Settings) -> tuple[Loaded, ...]:
    """Raises SourceError with every problem; none come of an SLI that has faults of its own."""
    collector = Collector()
    part: IndicatorPart | None = None
    with collector.collect():
        part = found.indicator(slo)
    table = windows.table(slo)
    collector.problems += windows.problems(slo, table, settings)
    made: list[Loaded] = []
    for index, spec in enumerate(slo.content.spec.objectives if part else ()):
        assert part is not None  # noqa: S101 - or there is nothing to go through
        written = _Written(slo=slo, index=index, spec=spec, part=part, table=table, settings=settings)
        with collector.collect():
            made.append(_loaded(written))
    collector.finish()
    return tuple(made)


def _loaded(written: _Written) -> Loaded:
    problems = [*_name_problems(written), *_indicator_problems(written), *_budgeting_problems(written)]
    problems += _hard_problems(written)
    problems += windows.reach_problems(written.slo, written.loc, written.spec.share, written.table)
    if problems:
        raise SourceError(problems)
    part = written.part
    queries = {
        role: (part.document, (*part.loc, *loc, "metricSource", "spec", "query"))
        for role, (loc, _) in part.spec.metrics.items()
    }
    return Loaded(objective=_objective(written), document=written.slo.document, loc=written.loc, queries=queries)


def _objective(written: _Written) -> Objective:
    metadata, spec = written.slo.content.metadata, written.slo.content.spec
    notes, op = metadata.annotations, written.spec.op
    return Objective(
        name=written.name,
        service=spec.service,
        title=written.title,
        description=spec.description or "",
        target=written.spec.share,
        indicator=written.part.spec.indicator(Comparison[op.upper()] if op else None, written.spec.value),
        budgeting=_budgeting(written),
        period=spec.time_window[0].period(),
        table=written.table,
        missing_data=notes.missing_data,
        min_bad_events=notes.min_bad_events,
        hard=notes.hard,
        severity=notes.severity,
        owner=notes.owner,
        runbook=notes.runbook,
        dashboard=notes.dashboard,
        labels=metadata.labels,
    )


def _budgeting(written: _Written) -> Budgeting:
    if written.method == "Occurrences":
        return Occurrences()
    window = duration(windows.slice_seconds(written.spec.time_slice_window or ""))
    if written.method == "RatioTimeslices":
        return RatioTimeslices(window=window)
    target = written.spec.time_slice_target
    assert target is not None  # noqa: S101 - held by _budgeting_problems
    return Timeslices(window=window, target=target)


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _name_problems(written: _Written) -> Iterator[Problem]:
    if not written.several:
        return
    shown = written.spec.display_name
    if not shown:
        message = "one of several objectives has no displayName"
        yield written.problem(
            Code.MISSING_KEY, None, message, "write displayName, e.g. P99; it becomes part of the name"
        )
    elif not _slug(shown) or not is_name(written.name):
        message = f"'{written.name}', made of metadata.name and displayName, is not a name"
        yield written.problem(
            Code.INVALID_NAME, "displayName", message, f"write a displayName that gives {NAME_CURE}"
        )


def _indicator_problems(written: _Written) -> Iterator[Problem]:
    is_threshold = written.part.spec.threshold_metric is not None
    for key, value, cure in (
        ("op", written.spec.op, "lt, lte, gt or gte: what a good value is to the threshold"),
        ("value", written.spec.value, THRESHOLD_CURE),
    ):
        if is_threshold and value is None:
            message = f"{key} is missing, which a thresholdMetric needs"
            yield written.problem(Code.MISSING_KEY, key, message, f"write {key}: {cure}")
        if not is_threshold and value is not None:
            message = f"'{key}' is for a thresholdMetric"
            yield written.problem(Code.NOT_SUPPORTED, key, message, "remove it: a ratio has no threshold")
    ratio = written.part.spec.ratio_metric
    if ratio and ratio.raw and written.method == "Occurrences":
        message = "a raw ratio does not tell how many events there were"
        cure = "write budgetingMethod: Timeslices or RatioTimeslices, or bad or good with total"
        at = ("spec", "budgetingMethod")
        yield written.slo.document.problem(Code.NOT_SUPPORTED, at, message, cure)


def _hard_problems(written: _Written) -> Iterator[Problem]:
    """A single bad event has to be visible as such, and the first one has to overspend the budget."""
    if not written.slo.content.metadata.annotations.hard:
        return
    if written.spec.share != STRICTEST:
        message = f"a hard objective has no budget, but its target of {number(written.spec.share)} is one"
        key = "target" if written.spec.target is not None else "targetPercent"
        yield written.problem(Code.TARGET_OUT_OF_RANGE, key, message, f"write target: {STRICTEST}, or remove {HARD}")
    if written.method != "Occurrences":
        message = f"a hard objective cannot have {written.method}: a slice hides a single bad event"
        at = ("spec", "budgetingMethod")
        cure = f"write budgetingMethod: Occurrences, or remove {HARD}"
        yield written.slo.document.problem(Code.NOT_SUPPORTED, at, message, cure)
    ratio = written.part.spec.ratio_metric
    if ratio and ratio.bad is None:
        message = "a hard objective needs its bad events counted: in a difference or a ratio one is lost or invented"
        yield written.problem(Code.NOT_SUPPORTED, None, message, f"write bad with total, or remove {HARD}")


def _budgeting_problems(written: _Written) -> Iterator[Problem]:
    spec, method = written.spec, written.method
    wants_target, wants_window = method == "Timeslices", method != "Occurrences"
    for key, given, wanted, cure in (
        ("timeSliceTarget", spec.time_slice_target, wants_target, SLICE_TARGET_CURE),
        ("timeSliceWindow", spec.time_slice_window, wants_window, "the length of a slice, e.g. 1m"),
    ):
        if wanted and given is None:
            message = f"{key} is missing, which {method} needs"
            yield written.problem(Code.INVALID_SLICE, key, message, f"write {key}: {cure}")
        if given is not None and not wanted:
            message = f"{method} has no {key}"
            yield written.problem(Code.INVALID_SLICE, key, message, "remove it or change budgetingMethod")
    if wants_window and spec.time_slice_window is not None:
        fault = windows.slice_fault(spec.time_slice_window, written.table, written.settings)
        if fault:
            yield written.problem(Code.INVALID_SLICE, "timeSliceWindow", *fault)

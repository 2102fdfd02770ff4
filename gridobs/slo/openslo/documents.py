"""A set of documents, and what they call each other by."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from gridobs import sources
from gridobs.codes import Code
from gridobs.errors import Problem, SourceError
from gridobs.slo.openslo import schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gridobs.sources import Document, Loc

API_VERSION = "openslo/v1"
_ALERTS = (
    "remove the document: alerts are compiled from the table of the time window; gridobs/alert-windows sets others"
)
_ALERT_KINDS = ("AlertPolicy", "AlertCondition", "AlertNotificationTarget")


class Kind(StrEnum):
    SLO = "SLO"
    SLI = "SLI"
    SERVICE = "Service"
    DATA_SOURCE = "DataSource"


_SCHEMAS: dict[Kind, type[sources.Schema]] = {
    Kind.SLO: schema.Slo,
    Kind.SLI: schema.Sli,
    Kind.SERVICE: schema.Service,
    Kind.DATA_SOURCE: schema.DataSource,
}
ContentT = TypeVar("ContentT", bound=sources.Schema)


@dataclass(frozen=True, slots=True)
class Parsed(Generic[ContentT]):
    document: Document
    content: ContentT


@dataclass(frozen=True, slots=True)
class IndicatorPart:
    """An indicator, whichever document it stands in."""

    document: Document
    loc: Loc
    spec: schema.IndicatorSpec


@dataclass(frozen=True, slots=True)
class DocumentSet:
    """By name. A document with faults of its own keeps its name, so that those who refer to it are not to blame."""

    slos: list[Parsed[schema.Slo]] = field(default_factory=list)
    slis: dict[str, Parsed[schema.Sli]] = field(default_factory=dict)
    names: dict[Kind, dict[str, Document]] = field(default_factory=lambda: {kind: {} for kind in Kind})

    def refer(self, kind: Kind, name: str, document: Document, loc: Loc) -> None:
        """Raises SourceError when there is no such document."""
        if name not in self.names[kind]:
            near = difflib.get_close_matches(name, sorted(self.names[kind]), n=1)
            cure = f"did you mean '{near[0]}'?" if near else f"write a document of kind {kind} with that name"
            raise SourceError([document.problem(Code.UNKNOWN_REFERENCE, loc, f"no {kind} is named '{name}'", cure)])

    def indicator(self, slo: Parsed[schema.Slo]) -> IndicatorPart | None:
        """None when it stands in a document with faults. Raises SourceError when it is nowhere."""
        spec = slo.content.spec
        if spec.indicator:
            return IndicatorPart(slo.document, ("spec", "indicator", "spec"), spec.indicator.spec)
        name = spec.indicator_ref or ""
        self.refer(Kind.SLI, name, slo.document, ("spec", "indicatorRef"))
        sli = self.slis.get(name)
        return IndicatorPart(sli.document, ("spec",), sli.content.spec) if sli else None

    def _indicators(self) -> Iterator[IndicatorPart]:
        yield from (IndicatorPart(sli.document, ("spec",), sli.content.spec) for sli in self.slis.values())
        for slo in self.slos:
            if inline := slo.content.spec.indicator:
                yield IndicatorPart(slo.document, ("spec", "indicator", "spec"), inline.spec)

    def check_references(self, collector: sources.Collector) -> None:
        for part in self._indicators():
            for loc, metric in part.spec.metrics.values():
                if name := metric.metric_source.metric_source_ref:
                    at = (*part.loc, *loc, "metricSource", "metricSourceRef")
                    with collector.collect():
                        self.refer(Kind.DATA_SOURCE, name, part.document, at)
        if self.names[Kind.SERVICE]:
            for slo in self.slos:
                with collector.collect():
                    self.refer(Kind.SERVICE, slo.content.spec.service, slo.document, ("spec", "service"))


def read_set(documents: Sequence[Document], collector: sources.Collector) -> DocumentSet:
    """The documents without a fault of their own; the faults of the others go to ``collector``."""
    found = DocumentSet()
    for document in documents:
        with collector.collect():
            kind = _kind(document)
            duplicate = _claim(found.names[kind], kind, document)
            collector.problems += duplicate
            content: Any = sources.check(document, _SCHEMAS[kind])
            if duplicate:
                continue
            if kind is Kind.SLO:
                found.slos.append(Parsed(document, content))
            elif kind is Kind.SLI:
                found.slis[content.metadata.name] = Parsed(document, content)
    return found


def _kind(document: Document) -> Kind:
    """Say only that a document is of another kind, not also how it differs from an SLO."""
    data = document.data
    if not isinstance(data, dict):
        message, cure = (
            "the document should be a mapping",
            f"write apiVersion: {API_VERSION}, kind, metadata and spec",
        )
        raise SourceError([document.problem(Code.WRONG_VALUE, (), message, cure)])
    problems = []
    if data.get("apiVersion") != API_VERSION:
        problems.append(_odd(document, "apiVersion", f"write apiVersion: {API_VERSION} or move it elsewhere"))
    kind = data.get("kind")
    if kind in _ALERT_KINDS:
        problems.append(_odd(document, "kind", _ALERTS))
    elif kind not in list(Kind):
        near = difflib.get_close_matches(kind, list(Kind), n=1) if isinstance(kind, str) else []
        cure = f"did you mean '{near[0]}'?" if near else f"write one of {', '.join(Kind)} or move it elsewhere"
        problems.append(_odd(document, "kind", cure))
    if problems:
        raise SourceError(problems)
    return Kind(str(kind))


def _odd(document: Document, key: str, cure: str) -> Problem:
    data = document.data
    assert isinstance(data, dict)  # noqa: S101 - held by _kind
    if key not in data:
        return document.problem(Code.MISSING_KEY, (key,), f"{key} is missing", cure)
    shown = f"'{data[key]}' is not supported" if isinstance(data[key], str) else "is not text"
    return document.problem(Code.UNKNOWN_KIND, (key,), f"{key} {shown}", cure)


def _claim(names: dict[str, Document], kind: Kind, document: Document) -> list[Problem]:
    data = document.data
    metadata = data.get("metadata") if isinstance(data, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str):
        return []
    if other := names.get(name):
        message = f"the name '{name}' is taken by {other.path}:{other.position(('metadata', 'name'))[0]}"
        cure = f"give each {kind} its own name"
        return [document.problem(Code.DUPLICATE_NAME, ("metadata", "name"), message, cure)]
    names[name] = document
    return []

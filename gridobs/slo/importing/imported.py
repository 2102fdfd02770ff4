"""One SLO of another tool in the words of OpenSLO."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from gridobs.slo.openslo.annotations import BUCKET_EDGES, PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gridobs.sources import Loc

OWNER = PREFIX + "owner"
RUNBOOK = PREFIX + "runbook"
DASHBOARD = PREFIX + "dashboard"
MISSING_DATA = PREFIX + "missing-data"
_BUCKET = re.compile(
    r'([a-zA-Z_:][\w:]*)_bucket\s*\{[^}]*?\ble\s*=~?\s*"([0-9]+(?:\.[0-9]+)?)(?:\(\\+\.0\)\?)?"', re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an OpenSLO document is put together from.

    ``loc`` is where the name stands in the source. ``notes`` are sentences for the reader, written as comments.
    ``indicator`` is the ``spec`` of an OpenSLO indicator, ``goal`` what its objective says beside the target.
    """

    loc: Loc
    notes: tuple[str, ...]
    name: str
    service: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    description: str
    indicator: Mapping[str, object]
    days: int
    budgeting: str = "Occurrences"
    target: Decimal
    goal: Mapping[str, object] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, object]:
        """The OpenSLO document, its keys in the order people read them."""
        metadata = {
            "name": self.name,
            "labels": dict(sorted(self.labels.items())),
            "annotations": dict(sorted({**self.annotations, **_edges(self.indicator)}.items())),
        }
        spec = {
            "description": self.description,
            "service": self.service,
            "indicator": {"metadata": {"name": self.name}, "spec": self.indicator},
            "timeWindow": [{"duration": f"{self.days}d", "isRolling": True}],
            "budgetingMethod": self.budgeting,
            "objectives": [{"target": self.target, **self.goal}],
        }
        return {
            "apiVersion": "openslo/v1",
            "kind": "SLO",
            "metadata": _without_empty(metadata),
            "spec": _without_empty(spec),
        }


def _edges(indicator: Mapping[str, object]) -> dict[str, str]:
    """The bucket edges the queries read, declared: the source says that they are some."""
    edges: dict[str, set[Decimal]] = {}
    for histogram, edge in _BUCKET.findall("\n".join(_texts(indicator))):
        edges.setdefault(histogram, set()).add(Decimal(edge))
    declared = (f"{name} {' '.join(f'{edge:f}' for edge in sorted(found))}" for name, found in sorted(edges.items()))
    text = ", ".join(declared)
    return {BUCKET_EDGES: text} if text else {}


def _texts(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for inner in part.values():
            yield from _texts(inner)


def ratio(*, total: str, bad: str | None = None, good: str | None = None) -> dict[str, object]:
    """Counted events, of which either the bad or the good ones are known."""
    part = {"bad": _metric(bad)} if bad else {"good": _metric(good or "")}
    return {"ratioMetric": {"counter": True, **part, "total": _metric(total)}}


def error_ratio(query: str) -> dict[str, object]:
    return {"ratioMetric": {"raw": _metric(query), "rawType": "failure"}}


def gauge(query: str) -> dict[str, object]:
    return {"thresholdMetric": _metric(query)}


def _metric(query: str) -> dict[str, object]:
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}


def _without_empty(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value}

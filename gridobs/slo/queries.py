"""The queries that documents hold, whether or not the rest of the document is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs.slo.openslo.annotations import BUCKET_EDGES, bucket_edges

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from gridobs.sources import Document, Loc

_INDICATORS: dict[str, Loc] = {"SLO": ("spec", "indicator", "spec"), "SLI": ("spec",)}
_METRICS: dict[str, Loc] = {
    "bad": ("ratioMetric", "bad"),
    "good": ("ratioMetric", "good"),
    "total": ("ratioMetric", "total"),
    "raw": ("ratioMetric", "raw"),
    "threshold": ("thresholdMetric",),
}
_QUERY: Loc = ("metricSource", "spec", "query")


@dataclass(frozen=True, slots=True)
class WrittenIndicator:
    """The queries of one indicator by role, and where each stands in ``document``."""

    document: Document
    texts: Mapping[str, str]
    locs: Mapping[str, Loc]


def indicators(document: Document) -> Iterator[WrittenIndicator]:
    """Those of an OpenSLO document: none or one."""
    kind = _at(document.data, ("kind",))
    base = _INDICATORS.get(kind) if isinstance(kind, str) else None
    if base is None:
        return
    locs = {role: (*base, *loc, *_QUERY) for role, loc in _METRICS.items()}
    texts = {role: _at(document.data, loc) for role, loc in locs.items()}
    written = {role: text for role, text in texts.items() if isinstance(text, str) and text.strip()}
    if written:
        yield WrittenIndicator(document, written, locs)


def declared_edges(document: Document) -> dict[str, tuple[Decimal, ...]]:
    """The bucket edges a document declares for the histograms it reads."""
    text = _at(document.data, ("metadata", "annotations", BUCKET_EDGES))
    return bucket_edges(text) if isinstance(text, str) else {}


def text_at(document: Document, loc: Loc) -> str:
    """The text at ``loc``, which holds one."""
    return str(_at(document.data, loc))


def _at(data: object, loc: Loc) -> object:
    for step in loc:
        data = data.get(step) if isinstance(data, dict) else None
    return data

"""The kubelet's dear endpoint, ``/metrics``: 25,000 lines and more on a server, of which we read some 150."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs_exporters.exposition import choose_lines, parse_lines
from gridobs_exporters.k3s.rows import CERTIFICATE, COUNTERS, PREFIXES, SQL_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prometheus_client.samples import Sample

    from gridobs_exporters.k3s.tally import Labels
    from gridobs_exporters.metric import Metric

PATH = "/metrics"
_THINNED_TO = 2.5  # the least ratio of two edges that are kept: 8 of kine 0.11's 45

Certificates = dict[tuple[str, str], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlTimes:
    """Cumulative counts by edge as its exposition writes it, ``+Inf`` last, and the sum."""

    buckets: Mapping[str, float]
    total: float

    @property
    def edges(self) -> tuple[str, ...]:
        return tuple(self.buckets)


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeletFacts:
    """``certificates`` are the seconds left by subject and usages, below 0 for what expired."""

    counters: Mapping[Metric, Mapping[Labels, float]]
    certificates: Certificates
    sql: SqlTimes | None
    unusable: int


def read_metrics(chunks: Iterable[bytes]) -> KubeletFacts:
    """The rows worth having; raises whatever iterating over ``chunks`` raises."""
    samples, unusable = parse_lines(choose_lines(chunks, PREFIXES))
    # All rows of a counter go with one that makes no sense: without it their sum would go down. A sum takes its count
    # along, or their quotient would be wrong.
    broken = {one.name for one in samples if not _makes_sense(one)} - {CERTIFICATE}
    broken |= {f"{name.removesuffix('_sum')}_{part}" for name in broken for part in ("bucket", "count")}
    by_name: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_name[sample.name].append(sample)
    unusable += sum(len(by_name.pop(name, ())) for name in broken)
    certificates = [one for one in by_name[CERTIFICATE] if math.isfinite(one.value)]
    unusable += len(by_name[CERTIFICATE]) - len(certificates)
    sql = _sql_times(by_name[f"{SQL_TIME}_bucket"], by_name[f"{SQL_TIME}_sum"])
    return KubeletFacts(
        counters=_counters(by_name),
        certificates={
            (one.labels.get("subject", ""), one.labels.get("usages", "")): one.value for one in certificates
        },
        sql=sql,
        unusable=unusable + (sql is None and bool(by_name[f"{SQL_TIME}_bucket"])),
    )


def _makes_sense(sample: Sample) -> bool:
    return math.isfinite(sample.value) and (sample.value >= 0 or sample.name == CERTIFICATE)


def _counters(by_name: Mapping[str, Sequence[Sample]]) -> dict[Metric, dict[Labels, float]]:
    counters: dict[Metric, dict[Labels, float]] = {}
    for row in COUNTERS:
        for sample in by_name.get(row.sample, ()):
            if row.only.items() <= sample.labels.items():
                labels = tuple(sample.labels.get(label) or row.empty for label in row.labels)
                family = counters.setdefault(row.metric, {})
                family[labels] = family.get(labels, 0.0) + sample.value
    return counters


def _sql_times(buckets: Sequence[Sample], sums: Sequence[Sample]) -> SqlTimes | None:
    """All operations together, whatever other labels this version has; None if the buckets are not a histogram."""
    counts: dict[str, float] = {}
    for sample in buckets:
        edge = sample.labels.get("le", "")
        counts[edge] = counts.get(edge, 0.0) + sample.value
    try:
        ordered = sorted(counts.items(), key=lambda item: float(item[0]))
    except ValueError:
        return None
    values = [value for _, value in ordered]
    if not ordered or ordered[-1][0] != "+Inf" or values != sorted(values) or not sums:
        return None
    return SqlTimes(buckets=_thinned(ordered), total=sum(sample.value for sample in sums))


def _thinned(ordered: Sequence[tuple[str, float]]) -> dict[str, float]:
    kept: dict[str, float] = {}
    last = 0.0
    for edge, value in ordered:
        if edge == "+Inf" or float(edge) >= last * _THINNED_TO:
            kept[edge] = value
            last = float(edge)
    return kept

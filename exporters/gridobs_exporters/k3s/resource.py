"""The kubelet's cheap endpoint: CPU and memory of the node, from ``/metrics/resource``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs_exporters.exposition import choose_lines, parse_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

PATH = "/metrics/resource"

# What the kubelet calls it, and what it is. pkg/kubelet/metrics/collectors/resource_metrics.go; the error was
# scrape_error alone before Kubernetes 1.29.
_ROWS = {
    "node_cpu_usage_seconds_total": "cpu",
    "node_memory_working_set_bytes": "memory",
    "resource_scrape_error": "error",
    "scrape_error": "error",
}
_PREFIXES = tuple(f"{name}{end}".encode() for name in _ROWS for end in " {")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFacts:
    """CPU seconds since the node started and bytes in use. The kubelet leaves out what it could not read."""

    cpu: float | None
    memory: float | None
    whole: bool


def read_resource(chunks: Iterable[bytes]) -> ResourceFacts:
    """What the kubelet says; raises whatever iterating over ``chunks`` raises."""
    samples, _ = parse_lines(choose_lines(chunks, _PREFIXES))
    found = {_ROWS[one.name]: one.value for one in samples if one.name in _ROWS and _is_amount(one.value)}
    cpu, memory = found.get("cpu"), found.get("memory")
    whole = cpu is not None and memory is not None and not found.get("error")
    return ResourceFacts(cpu=cpu, memory=memory, whole=whole)


def _is_amount(value: float) -> bool:
    return math.isfinite(value) and value >= 0

"""Every series the exporter exposes: one module a collector, one ``Metric`` a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs_exporters.metric import Metric
from gridobs_exporters.names import exporter, k3s, mqtt, pipeline, policy, probe, wasmedge

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

MODULES: Sequence[ModuleType] = (exporter, k3s, wasmedge, mqtt, probe, pipeline, policy)


def metrics_of(module: ModuleType) -> tuple[Metric, ...]:
    """The metrics a module of this package declares, in its order."""
    return tuple(value for value in vars(module).values() if isinstance(value, Metric))


def all_metrics() -> tuple[Metric, ...]:
    return tuple(metric for module in MODULES for metric in metrics_of(module))

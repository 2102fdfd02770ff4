"""What should run and what does: Deployments, StatefulSets and DaemonSets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs_exporters.k3s.objects import count, mapping, name, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs_exporters.k3s.objects import Object

# Where each kind says it (k8s.io/api/apps/v1). Replicas that are left out are 1, what is available 0.
PATHS = {
    "Deployment": "/apis/apps/v1/deployments",
    "StatefulSet": "/apis/apps/v1/statefulsets",
    "DaemonSet": "/apis/apps/v1/daemonsets",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Replicas that should be there and that are."""

    namespace: str
    kind: str
    name: str
    desired: int
    available: int


def read_workload(item: Object, kind: str) -> Workload:
    """The workload of ``kind``, a key of ``PATHS``.

    Raises:
        ValueError: If it makes no sense.
    """
    spec, status = mapping(item, "spec"), mapping(item, "status")
    if kind == "DaemonSet":
        desired, available = count(status.get("desiredNumberScheduled")), count(status.get("numberAvailable"))
    else:
        desired, available = count(spec.get("replicas"), 1), count(status.get("availableReplicas"))
    return Workload(
        namespace=text(mapping(item, "metadata").get("namespace")),
        kind=kind,
        name=name(item),
        desired=desired,
        available=available,
    )


def choose(workloads: Sequence[Workload], most: int) -> list[Workload]:
    """At most ``most`` of them, by name; if there are more, those that lack replicas and the large ones stay."""

    def identity(one: Workload) -> tuple[str, str, str]:
        return one.namespace, one.kind, one.name

    by_weight = sorted(workloads, key=lambda one: (one.available >= one.desired, -one.desired, identity(one)))
    return sorted(by_weight[:most], key=identity)

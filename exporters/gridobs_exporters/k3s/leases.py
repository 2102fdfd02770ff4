"""Leases of nodes: ``GET /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs_exporters.k3s.objects import mapping, name, timestamp

if TYPE_CHECKING:
    from gridobs_exporters.k3s.objects import Object

PATH = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"


def read_lease(item: Object) -> tuple[str, float]:
    """The node, and when its kubelet last renewed the lease, by the clock of the node.

    Raises:
        ValueError: If it makes no sense.
    """
    return name(item), timestamp(mapping(item, "spec").get("renewTime"))

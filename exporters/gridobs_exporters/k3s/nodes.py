"""Nodes: ``GET /api/v1/nodes``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs_exporters.k3s.objects import count, mapping, name, objects, text
from gridobs_exporters.k3s.quantity import parse_quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridobs_exporters.k3s.objects import Object

PATH = "/api/v1/nodes"
KUBELET_PORT = 10250
# Conditions of a node that are False while all is well (k8s.io/api/core/v1, NodeConditionType).
_BAD = frozenset({"MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    """``pressure`` names the conditions that should be False and are not; ``addresses`` are by type."""

    name: str
    ready: bool
    pressure: tuple[str, ...]
    cpu: float  # allocatable cores
    memory: float  # allocatable bytes
    version: str
    addresses: Mapping[str, str]
    kubelet_port: int


def read_node(item: Object) -> NodeFacts:
    """What a node says of itself.

    Raises:
        ValueError: If it makes no sense.
    """
    status = mapping(item, "status")
    conditions = {text(one.get("type")): one.get("status") for one in objects(status.get("conditions"))}
    allocatable = mapping(status, "allocatable")
    port = mapping(status, "daemonEndpoints", "kubeletEndpoint").get("Port")
    return NodeFacts(
        name=name(item),
        ready=conditions.get("Ready") == "True",
        pressure=tuple(sorted(_BAD & {kind for kind, state in conditions.items() if state != "False"})),
        cpu=parse_quantity(allocatable.get("cpu")),
        memory=parse_quantity(allocatable.get("memory")),
        version=text(mapping(status, "nodeInfo").get("kubeletVersion")),
        addresses={text(one.get("type")): text(one.get("address")) for one in objects(status.get("addresses"))},
        kubelet_port=count(port) or KUBELET_PORT,
    )

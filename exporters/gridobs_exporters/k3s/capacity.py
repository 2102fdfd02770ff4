"""What pods ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs_exporters.k3s.objects import mapping, objects
from gridobs_exporters.k3s.quantity import parse_quantity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gridobs_exporters.k3s.objects import Object


@dataclass(frozen=True, slots=True)
class Resources:
    """Cores and bytes."""

    cpu: float = 0.0
    memory: float = 0.0

    def __add__(self, other: Resources) -> Resources:
        return Resources(self.cpu + other.cpu, self.memory + other.memory)

    def __or__(self, other: Resources) -> Resources:
        """The larger of each."""
        return Resources(max(self.cpu, other.cpu), max(self.memory, other.memory))


def pod_requests(spec: Object) -> Resources:
    """What the scheduler sets aside for a pod.

    Raises:
        ValueError: If a quantity is none.
    """
    return _effective(spec, "requests") + _resources(mapping(spec, "overhead"))


def pod_limits(spec: Object) -> Resources:
    """What the pod may use at most, as far as its containers are limited. Raises as ``pod_requests``."""
    return _effective(spec, "limits")


def _effective(spec: Object, what: str) -> Resources:
    """Init containers run before the others, one by one; sidecars from their turn on (component-helpers/resource)."""
    sidecars = peak = Resources()
    for container in objects(spec.get("initContainers")):
        asked = _of(container, what)
        if container.get("restartPolicy") == "Always":
            sidecars += asked
            peak |= sidecars
        else:
            peak |= sidecars + asked
    return peak | _sum([sidecars, *(_of(container, what) for container in objects(spec.get("containers")))])


def _of(container: Object, what: str) -> Resources:
    return _resources(mapping(container, "resources", what))


def _resources(amounts: Object) -> Resources:
    return Resources(parse_quantity(amounts.get("cpu", "0")), parse_quantity(amounts.get("memory", "0")))


def _sum(all_of: Iterable[Resources]) -> Resources:
    total = Resources()
    for one in all_of:
        total += one
    return total

"""The ``k3s`` collector: what its threads know of one site, in one reading. A scrape waits for nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs_exporters.fetch import Fetcher
from gridobs_exporters.k3s.datastore import add_datastore
from gridobs_exporters.k3s.inventory import SOURCES, Inventory, InventorySettings
from gridobs_exporters.k3s.kubelets import Kubelets, KubeletSettings
from gridobs_exporters.k3s.prober import Prober, ProbeSettings
from gridobs_exporters.k3s.workloads import choose
from gridobs_exporters.metric import Samples
from gridobs_exporters.names import k3s as names
from gridobs_exporters.scrape import ONLY, Collector, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.k3s.nodes import NodeFacts
    from gridobs_exporters.k3s.pods import PodFacts
    from gridobs_exporters.k3s.workloads import Workload

_MOST_PRESSURE = 3  # series
_MOST_VERSIONS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class K3sSettings:
    """One site. ``datastore`` is kine's SQLite file, if the exporter runs where it lies."""

    probe: ProbeSettings
    inventory: InventorySettings
    kubelets: KubeletSettings
    max_workloads: int
    datastore: Path | None


class K3sCollector(Collector):
    """Prober, inventory and kubelets run at intervals of their own."""

    name = "k3s"
    up = names.UP

    def __init__(self, settings: K3sSettings, *, clock: Clock) -> None:
        probe = settings.probe
        host = f"[{probe.host}]" if ":" in probe.host else probe.host
        self._settings = settings
        self.prober = Prober(probe, clock=clock)
        self.kubelets = Kubelets(settings.kubelets, clock=clock)
        self.inventory = Inventory(
            Fetcher(f"https://{host}:{probe.port}", tls=probe.tls, headers=probe.headers, connections=1),
            settings.inventory,
            clock=clock,
            nodes_changed=self.kubelets.nodes_changed,
        )

    def start(self) -> None:
        self.prober.start()
        self.inventory.start()
        self.kubelets.start()

    def stop(self) -> None:
        self.prober.stop()
        self.inventory.stop()
        self.kubelets.stop()

    def collect(self) -> Reading:
        samples = Samples()
        up = self.prober.add_to(samples)
        listed = self._add_inventory(samples)
        kubelets = self.kubelets.add_to(samples)
        path = self._settings.datastore
        datastore = path is None or add_datastore(samples, path)
        samples.add(names.UNUSABLE, self.inventory.unusable + self.kubelets.unusable)
        return Reading(up={ONLY: up}, complete=up and listed and kubelets and datastore, samples=samples)

    def _add_inventory(self, samples: Samples) -> bool:
        inventory = self.inventory
        for source in SOURCES:
            samples.add(names.SOURCE_LAST_SUCCESS, inventory.latest(source).last_success, source)
            samples.add(names.SOURCE_ERRORS, inventory.errors[source], source)
        for labels, restarts in inventory.restarts.sums().items():
            samples.add(names.CONTAINER_RESTARTS, restarts, *labels)
        if version := inventory.version.get():
            samples.add(names.APISERVER_INFO, 1, version)
        if nodes := inventory.nodes.get():
            self._add_nodes(samples, nodes)
            known = {node.name for node in nodes}
            for node, renewed in sorted((inventory.leases.get() or {}).items()):
                if node in known:
                    samples.add(names.NODE_HEARTBEAT, renewed, node)
        if pods := inventory.pods.get():
            _add_pods(samples, pods)
        if (workloads := inventory.workloads.get()) is not None:
            self._add_workloads(samples, workloads)
        return all(inventory.latest(source).get() is not None for source in SOURCES)

    def _add_nodes(self, samples: Samples, nodes: Sequence[NodeFacts]) -> None:
        for node in sorted(nodes, key=lambda one: one.name):
            samples.add(names.NODE_READY, node.ready, node.name)
        pressure = [(node.name, condition) for node in nodes for condition in node.pressure]
        samples.declare(names.NODE_PRESSURE)
        for labels in sorted(pressure)[:_MOST_PRESSURE]:
            samples.add(names.NODE_PRESSURE, 1, *labels)
        for version in sorted({node.version for node in nodes if node.version})[:_MOST_VERSIONS]:
            samples.add(names.KUBELET_INFO, 1, version)
        for usage in ("known", "unknown"):
            of = [node for node in nodes if self.kubelets.knows_usage_of(node.name) == (usage == "known")]
            samples.add(names.CPU_ALLOCATABLE, sum(node.cpu for node in of), usage)
            samples.add(names.MEMORY_ALLOCATABLE, sum(node.memory for node in of), usage)

    def _add_workloads(self, samples: Samples, workloads: Sequence[Workload]) -> None:
        chosen = choose(workloads, self._settings.max_workloads)
        for one in chosen:
            samples.add(names.REPLICAS_DESIRED, one.desired, one.namespace, one.kind, one.name)
            samples.add(names.REPLICAS_AVAILABLE, one.available, one.namespace, one.kind, one.name)
        samples.add(names.WORKLOADS_DROPPED, len(workloads) - len(chosen))


def _add_pods(samples: Samples, pods: PodFacts) -> None:
    for (phase, runtime), number in sorted(pods.phases.items()):
        samples.add(names.PODS, number, phase, runtime)
    for reason, number in sorted(pods.waiting.items()):
        samples.add(names.CONTAINERS_WAITING, number, reason)
    samples.add(names.CPU_REQUESTS, pods.requests.cpu)
    samples.add(names.CPU_LIMITS, pods.limits.cpu)
    samples.add(names.MEMORY_REQUESTS, pods.requests.memory)
    samples.add(names.MEMORY_LIMITS, pods.limits.memory)

"""The kubelets of a site, asked by a few threads so that one that hangs holds up no other."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs_exporters.fetch import Fetcher
from gridobs_exporters.k3s.certificates import CertificateLedger
from gridobs_exporters.k3s.rows import COUNTERS
from gridobs_exporters.k3s.sql import SqlHistogram
from gridobs_exporters.k3s.tally import Tally
from gridobs_exporters.k3s.target import METRICS, RESOURCE, Kubelet
from gridobs_exporters.names import k3s as names

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.k3s.kubelet import KubeletFacts
    from gridobs_exporters.k3s.nodes import NodeFacts
    from gridobs_exporters.metric import Samples

_THREADS = 3
_WAKE = 0.5  # seconds between looks for a kubelet that is due
SHORTEST_METRICS_INTERVAL = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeletSettings:
    """Times in seconds. ``static`` are URLs by node, if they are not to be taken from the nodes."""

    tls: ssl.SSLContext
    headers: Callable[[], Mapping[str, str]]
    interval: float
    timeout: float
    metrics_interval: float = SHORTEST_METRICS_INTERVAL
    metrics_timeout: float = 30.0  # a server with 25,000 series on small hardware takes 10
    read_metrics: bool = True
    address: str = "InternalIP"
    static: Mapping[str, str] | None = None


class Kubelets:
    """Knows the kubelets of the nodes that were listed last, also while the API server is away."""

    def __init__(self, settings: KubeletSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._targets: dict[str, Kubelet] = {}
        self._busy: set[str] = set()
        self._tallies = {row.metric: Tally() for row in COUNTERS}
        self._sql = SqlHistogram()
        self._certificates = CertificateLedger()
        self.errors: Counter[str] = Counter({RESOURCE: 0, METRICS: 0})
        self.unusable = 0
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"k3s-kubelet-{number}", daemon=True)
            for number in range(_THREADS)
        ]
        if settings.static is not None:
            self._retarget(settings.static)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()

    def nodes_changed(self, nodes: Sequence[NodeFacts]) -> None:
        """Take the kubelets of these nodes from now on, unless they are given by the configuration."""
        if self._settings.static is None:
            self._retarget({node.name: url for node in nodes if (url := self._url(node))})

    def poll_all(self) -> None:
        """Ask every kubelet that is due, in this thread."""
        while target := self._take():
            self._poll(target)

    def knows_usage_of(self, node: str) -> bool:
        target = self._targets.get(node)
        return target is not None and target.resource.get() is not None

    def add_to(self, samples: Samples) -> bool:
        """Add what is known; whether nothing is missing."""
        with self._lock:
            targets = [target for _, target in sorted(self._targets.items())]
            for source, times in self.errors.items():
                samples.add(names.SOURCE_ERRORS, times, source)
            for row in COUNTERS:
                for labels, value in self._tallies[row.metric].sums(row.most).items():
                    samples.add(row.metric, value, *labels)
            if sql := self._sql.cumulative():
                samples.add(names.SQL_DURATION, sql)
            fresh = [target.node for target in targets if target.metrics.get()]
            for one in self._certificates.soonest(fresh):
                samples.add(names.CERTIFICATE_EXPIRY, one.expiry, one.node, one.subject, one.usages)
        answering = [target for target in targets if self._add_target(samples, target)]
        if self._settings.read_metrics and answering:
            oldest = min(target.metrics.last_success for target in answering)
            samples.add(names.KUBELET_METRICS_OLDEST, oldest)
        whole = len(fresh) == len(targets) or not self._settings.read_metrics
        return bool(targets) and len(answering) == len(targets) and whole

    def _add_target(self, samples: Samples, target: Kubelet) -> bool:
        facts = target.resource.get()
        up = target.answers and facts is not None
        samples.add(names.KUBELET_UP, up, target.node)
        if facts and facts.cpu is not None and facts.memory is not None:
            samples.add(names.NODE_CPU, facts.cpu, target.node)
            samples.add(names.NODE_MEMORY, facts.memory, target.node)
        return up

    def _url(self, node: NodeFacts) -> str | None:
        host = node.addresses.get(self._settings.address)
        if not host:
            return None
        return f"https://{f'[{host}]' if ':' in host else host}:{node.kubelet_port}"

    def _retarget(self, urls: Mapping[str, str]) -> None:
        with self._lock:
            self._targets = {
                node: known if (known := self._targets.get(node)) and known.url == url else self._new(node, url)
                for node, url in urls.items()
            }
            for tally in self._tallies.values():
                tally.keep(self._targets)
            self._sql.keep(self._targets)

    def _new(self, node: str, url: str) -> Kubelet:
        fetcher = Fetcher(url, tls=self._settings.tls, headers=self._settings.headers, connections=1)
        return Kubelet(node, url, fetcher, self._settings, clock=self._clock)

    # --- the threads -----------------------------------------------------------------------------------------------
    def _run(self) -> None:
        while not self._stop.is_set():
            if target := self._take():
                self._poll(target)
            else:
                self._stop.wait(_WAKE)

    def _take(self) -> Kubelet | None:
        """The kubelet that waits longest, if one is due; nobody else gets it before it is polled."""
        with self._lock:
            now = self._clock.monotonic()
            waiting: Iterable[Kubelet] = (
                target for node, target in self._targets.items() if node not in self._busy and target.due <= now
            )
            target = min(waiting, key=lambda one: one.due, default=None)
            if target:
                self._busy.add(target.node)
            return target

    def _poll(self, target: Kubelet) -> None:
        try:
            facts = target.poll(self._failed)
            if facts:
                self._note(target.node, facts)
        finally:
            with self._lock:
                self._busy.discard(target.node)

    def _failed(self, source: str) -> None:
        with self._lock:
            self.errors[source] += 1

    def _note(self, node: str, facts: KubeletFacts) -> None:
        with self._lock:
            for metric, values in facts.counters.items():
                self._tallies[metric].note(node, values)
            if facts.sql:
                self._sql.note(node, facts.sql)
            self._certificates.note(node, facts.certificates, wall=self._clock.wall())
            self.unusable += facts.unusable

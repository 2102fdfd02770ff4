"""One kubelet, and what it said last."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gridobs_exporters.changelog import ChangeLog
from gridobs_exporters.fetch import FetchError
from gridobs_exporters.k3s import kubelet, resource
from gridobs_exporters.k3s.latest import Latest

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.fetch import Fetcher
    from gridobs_exporters.k3s.kubelet import KubeletFacts
    from gridobs_exporters.k3s.kubelets import KubeletSettings
    from gridobs_exporters.k3s.resource import ResourceFacts

log = logging.getLogger(__name__)

RESOURCE, METRICS = "kubelet", "kubelet_metrics"  # sources, as errors are counted


class Kubelet:
    """Polled by one thread at a time; ``url`` is without a path."""

    def __init__(self, node: str, url: str, fetcher: Fetcher, settings: KubeletSettings, *, clock: Clock) -> None:
        self.node = node
        self.url = url
        self._fetcher = fetcher
        self._settings = settings
        self._clock = clock
        self.due = clock.monotonic()
        self._metrics_due = self.due
        self.answers = False
        self.resource: Latest[ResourceFacts] = Latest(interval=settings.interval, clock=clock)
        self.metrics: Latest[KubeletFacts] = Latest(interval=settings.metrics_interval, clock=clock)
        self._log = ChangeLog(log)

    def poll(self, failed: Callable[[str], None]) -> KubeletFacts | None:
        """Read the cheap endpoint, and the dear one if it is due; what that says, if it was read.

        A kubelet that does not answer the one is not asked for the other. ``failed`` is told which failed.
        """
        now = self._clock.monotonic()
        self.due = now + self._settings.interval
        source = RESOURCE
        try:
            with self._fetcher.stream(resource.PATH, timeout=self._settings.timeout) as chunks:
                facts = resource.read_resource(chunks)
            if not facts.whole:
                raise FetchError(f"{resource.PATH} lacks the usage of the node")  # noqa: TRY301 - handled like the rest
            self.resource.put(facts)
            self.answers = True
            source = METRICS
            return self._read_metrics(now)
        except FetchError as error:
            failed(source)
            self._log.say(logging.WARNING, f"kubelet of {self.node} at {self.url}: {error}")
        except Exception as error:  # the thread must outlive whatever a kubelet sends
            failed(source)
            log.debug("kubelet of %s", self.node, exc_info=True)
            self._log.say(logging.ERROR, f"kubelet of {self.node} at {self.url}: {error!r}")
        if source == RESOURCE:
            self.answers = False
        return None

    def _read_metrics(self, now: float) -> KubeletFacts | None:
        if not self._settings.read_metrics or now < self._metrics_due:
            self._log.say(logging.INFO, f"kubelet of {self.node} answers")
            return None
        self._metrics_due = now + self._settings.metrics_interval
        with self._fetcher.stream(kubelet.PATH, timeout=self._settings.metrics_timeout) as chunks:
            facts = kubelet.read_metrics(chunks)
        self.metrics.put(facts)
        self._log.say(logging.INFO, f"kubelet of {self.node} answers")
        return facts

"""The ``wasmedge`` collector: what the watching thread knows, and the cgroups read at each scrape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs_exporters.metric import Samples
from gridobs_exporters.names import wasmedge as names
from gridobs_exporters.scrape import ONLY, Collector, Reading
from gridobs_exporters.wasmedge.logs import Logs
from gridobs_exporters.wasmedge.poll import Poll
from gridobs_exporters.wasmedge.presence import Presence
from gridobs_exporters.wasmedge.tally import Tally
from gridobs_exporters.wasmedge.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.wasmedge.cgroups import Cgroups, Usage
    from gridobs_exporters.wasmedge.identity import Workload
    from gridobs_exporters.wasmedge.resident import Resident


@dataclass(frozen=True, slots=True, kw_only=True)
class WasmedgeSettings:
    """``sockets`` are tried in order. With ``poll_interval``, in seconds, CRI is polled and no events are read."""

    sockets: Sequence[Path]
    poll_interval: float | None
    namespace: str
    handlers: frozenset[str]
    log_root: Path | None
    most_pods: int


class WasmedgeCollector(Collector):
    """A scrape never waits for containerd."""

    name = "wasmedge"
    up = names.UP

    def __init__(
        self, resident: Resident, *, presence: Presence, tally: Tally, cgroups: Cgroups, most_pods: int
    ) -> None:
        """``resident`` feeds ``presence`` and ``tally`` from its own thread."""
        self._resident = resident
        self._presence = presence
        self._tally = tally
        self._cgroups = cgroups
        self._most = most_pods

    def start(self) -> None:
        self._resident.start()

    def stop(self) -> None:
        self._resident.stop()

    def collect(self) -> Reading:
        samples = Samples()
        up = self._presence.add_to(samples, self._tally)
        omitted = self._add_usage(samples)
        if up:
            samples.add(names.OMITTED, omitted)
        self._tally.add_to(samples)
        return Reading(up={ONLY: up}, complete=up and not omitted, samples=samples)

    def _add_usage(self, samples: Samples) -> int:
        """Add what the kernel counts; how many containers were left out for being too many."""
        running = sorted(
            self._presence.running().values(), key=lambda one: (one[0].namespace, one[0].pod, one[0].container)
        )
        for workload, pid in running[: self._most]:
            if usage := self._cgroups.read(workload.cgroups_path, pid):
                _add(samples, usage, workload)
        return max(0, len(running) - self._most)


def new_collector(settings: WasmedgeSettings, *, cgroups: Cgroups, clock: Clock) -> WasmedgeCollector:
    polled = settings.poll_interval is not None
    tally, presence = Tally(polled=polled), Presence(streams=not polled, clock=clock)
    logs = Logs(settings.log_root, most=settings.most_pods, tally=tally)
    resident: Resident
    if settings.poll_interval is not None:
        resident = Poll(
            settings.sockets,
            interval=settings.poll_interval,
            wasm_handlers=settings.handlers,
            presence=presence,
            tally=tally,
            logs=logs,
            clock=clock,
        )
    else:
        resident = Watch(
            settings.sockets,
            namespace=settings.namespace,
            wasm_handlers=settings.handlers,
            presence=presence,
            tally=tally,
            logs=logs,
            clock=clock,
        )
    return WasmedgeCollector(resident, presence=presence, tally=tally, cgroups=cgroups, most_pods=settings.most_pods)


def _add(samples: Samples, usage: Usage, workload: Workload) -> None:
    values = {
        names.CPU: usage.cpu,
        names.CPU_PERIODS: usage.periods,
        names.CPU_THROTTLED_PERIODS: usage.throttled_periods,
        names.CPU_THROTTLED: usage.throttled,
        names.MEMORY_WORKING_SET: usage.working_set,
        names.MEMORY_LIMIT: usage.limit,
        names.MEMORY_PEAK: usage.peak,
        names.OOM_KILLS: usage.oom_kills,
        names.PIDS: usage.pids,
    }
    for metric, value in values.items():
        if value is not None:
            samples.add(metric, value, workload.namespace, workload.pod, workload.container)

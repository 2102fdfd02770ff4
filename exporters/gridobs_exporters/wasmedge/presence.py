"""What is there now: containerd, its stream, and the wasm containers that run."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from gridobs_exporters.names import wasmedge as names

if TYPE_CHECKING:
    from gridobs_exporters.clock import Clock
    from gridobs_exporters.metric import Samples
    from gridobs_exporters.wasmedge.identity import Workload
    from gridobs_exporters.wasmedge.tally import Tally

BELIEVED = 15.0  # seconds an answer of containerd is believed


class Presence:
    """For one thread that watches and others that read."""

    def __init__(self, *, streams: bool, clock: Clock) -> None:
        """``streams``: events are read, so that being up needs an open stream."""
        self._streams = streams
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[str, tuple[Workload, int]] = {}
        self._version = ""
        self._answered: float | None = None
        self._answered_wall = 0.0
        self._open = self._was_open = False
        self._gap_began: float | None = None
        self._gap_seconds = 0.0
        self._gaps = self._reconnects = 0

    # --- containerd ------------------------------------------------------------------------------------------------
    def answered(self, version: str) -> None:
        with self._lock:
            self._version = version
            self._answered = self._clock.monotonic()
            self._answered_wall = self._clock.wall()

    def opened(self) -> None:
        with self._lock:
            if self._was_open:
                self._reconnects += 1
            if self._gap_began is not None:
                self._gap_seconds += self._clock.monotonic() - self._gap_began
            self._open = self._was_open = True
            self._gap_began = None

    def closed(self) -> None:
        with self._lock:
            if self._open:
                self._gaps += 1
                self._gap_began = self._clock.monotonic()
            self._open = False

    def lost(self) -> None:
        """Events came faster than they could be looked at."""
        with self._lock:
            self._gaps += 1

    def is_up(self) -> bool:
        with self._lock:
            age = None if self._answered is None else self._clock.monotonic() - self._answered
            return age is not None and age <= BELIEVED and (self._open or not self._streams)

    # --- the containers --------------------------------------------------------------------------------------------
    def add(self, workload: Workload, pid: int) -> None:
        with self._lock:
            self._running[workload.id] = (workload, pid)

    def remove(self, container: str) -> Workload | None:
        """The workload, if it ran."""
        with self._lock:
            found = self._running.pop(container, None)
        return found[0] if found else None

    def running(self) -> dict[str, tuple[Workload, int]]:
        """The workloads and the pids of their processes, by container id."""
        with self._lock:
            return dict(self._running)

    def add_to(self, samples: Samples, tally: Tally) -> bool:
        """Add what is known; whether containerd is up."""
        up = self.is_up()
        with self._lock:
            version, last, running = self._version, self._answered_wall, list(self._running.values())
            gap = 0.0 if self._gap_began is None else self._clock.monotonic() - self._gap_began
            gaps, reconnects, gap_seconds = self._gaps, self._reconnects, self._gap_seconds + gap
        samples.add(names.LAST_ANSWER, last)
        if self._streams:
            samples.add(names.RECONNECTS, reconnects)
            samples.add(names.GAPS, gaps)
            samples.add(names.GAP_SECONDS, gap_seconds)
        if up:
            samples.add(names.CONTAINERD_INFO, 1, version, "events" if self._streams else "cri")
            for labels, many in sorted(Counter(tally.labels(workload) for workload, _ in running).items()):
                samples.add(names.RUNNING, many, *labels)
        return up

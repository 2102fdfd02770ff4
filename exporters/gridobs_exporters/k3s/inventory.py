"""What the API server lists, read again and again by a thread of its own, object by object."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gridobs_exporters.changelog import ChangeLog
from gridobs_exporters.fetch import FetchError, StatusError
from gridobs_exporters.k3s import leases, nodes, pods, workloads
from gridobs_exporters.k3s.jsonlist import ListError, ObjectList
from gridobs_exporters.k3s.latest import Latest
from gridobs_exporters.k3s.objects import mapping, text
from gridobs_exporters.k3s.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.fetch import Fetcher
    from gridobs_exporters.k3s.nodes import NodeFacts
    from gridobs_exporters.k3s.objects import Object
    from gridobs_exporters.k3s.pods import PodFacts
    from gridobs_exporters.k3s.workloads import Workload

log = logging.getLogger(__name__)

SOURCES = ("version", "nodes", "leases", "pods", "workloads")
_PAGE = 200  # objects; the API server ignores it while it answers from memory
_MAX_PAGES = 1000
_LARGEST_VERSION = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class InventorySettings:
    """``interval`` from one reading to the next and ``timeout`` of each answer in seconds."""

    interval: float
    timeout: float
    wasm_classes: Collection[str] = pods.WASM_CLASSES


class Inventory:
    """Each source is read for itself: what fails keeps what was read last until that is too old."""

    def __init__(
        self,
        fetcher: Fetcher,
        settings: InventorySettings,
        *,
        clock: Clock,
        nodes_changed: Callable[[Sequence[NodeFacts]], None],
    ) -> None:
        self._fetcher = fetcher
        self._settings = settings
        self._clock = clock
        self._nodes_changed = nodes_changed
        self.version: Latest[str] = self._new()
        self.nodes: Latest[list[NodeFacts]] = self._new()
        self.leases: Latest[dict[str, float]] = self._new()
        self.pods: Latest[PodFacts] = self._new()
        self.workloads: Latest[list[Workload]] = self._new()
        self.restarts = Tally()
        for runtime in pods.RUNTIMES:
            self.restarts.note(runtime, {(runtime,): 0.0})
        self.errors: Counter[str] = Counter(dict.fromkeys(SOURCES, 0))
        self.unusable = 0
        self._logs = {source: ChangeLog(log) for source in SOURCES}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="k3s-inventory", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def latest(self, source: str) -> Latest[Any]:
        """What is known of one of ``SOURCES``."""
        found: Latest[Any] = getattr(self, source)
        return found

    def refresh(self) -> None:
        """Read every source once, whatever happens to the others."""
        readers: dict[str, Callable[[], None]] = {
            "version": self._read_version,
            "nodes": self._read_nodes,
            "leases": self._read_leases,
            "pods": self._read_pods,
            "workloads": self._read_workloads,
        }
        for source, read in readers.items():
            if self._stop.is_set():
                return
            try:
                read()
            except (FetchError, ListError, ValueError) as error:
                self.errors[source] += 1
                self._logs[source].say(logging.WARNING, f"cannot read {source}: {_told(error)}")
            except Exception as error:  # the thread must outlive whatever a server sends
                self.errors[source] += 1
                log.debug("reading %s", source, exc_info=True)
                self._logs[source].say(logging.ERROR, f"cannot read {source}: {error!r}")
            else:
                self._logs[source].say(logging.INFO, f"the API server tells {source}")

    # --- the sources -----------------------------------------------------------------------------------------------
    def _read_version(self) -> None:
        answer = json.loads(self._fetcher.get("/version", timeout=self._settings.timeout, largest=_LARGEST_VERSION))
        version = text(mapping(answer).get("gitVersion"))
        if not version:
            raise ValueError("/version names no gitVersion")
        self.version.put(version)

    def _read_nodes(self) -> None:
        found = list(self._usable(nodes.PATH, nodes.read_node))
        self.nodes.put(found)
        self._nodes_changed(found)

    def _read_leases(self) -> None:
        self.leases.put(dict(self._usable(leases.PATH, leases.read_lease)))

    def _read_pods(self) -> None:
        facts = pods.PodFacts()
        for _ in self._usable(pods.PATH, lambda pod: facts.add(pod, wasm_classes=self._settings.wasm_classes)):
            pass
        began_before = self.pods.last_success == 0
        for container, (runtime, restarts) in facts.restarts.items():
            self.restarts.note(container, {(runtime,): float(restarts)}, new=not began_before)
        self.restarts.keep(facts.restarts)
        facts.restarts.clear()
        self.pods.put(facts)

    def _read_workloads(self) -> None:
        found: list[Workload] = []
        for kind, path in workloads.PATHS.items():
            found += self._usable(path, partial(workloads.read_workload, kind=kind))
        self.workloads.put(found)

    # --- what they have in common ----------------------------------------------------------------------------------
    def _usable(self, path: str, read: Callable[[Object], Any]) -> Iterator[Any]:
        """What ``read`` makes of each object of the list; an object that makes no sense is counted and left out."""
        for item in self._list(path):
            try:
                yield read(item)
            except ValueError as error:
                self.unusable += 1
                log.debug("%s: %s", path, error)

    def _list(self, path: str) -> Iterator[Object]:
        query = "resourceVersion=0"
        for _page in range(_MAX_PAGES):
            with self._fetcher.stream(f"{path}?limit={_PAGE}&{query}", timeout=self._settings.timeout) as chunks:
                page = ObjectList(chunks)
                yield from page
                for _ in chunks:  # what is left would keep the connection from being used again
                    pass
            token = text(mapping(page.fields, "metadata").get("continue"))
            if not token:
                return
            query = f"continue={quote(token, safe='')}"
        raise ListError(f"{path}: more than {_MAX_PAGES} pages")

    def _new(self) -> Latest[Any]:
        return Latest(interval=self._settings.interval, clock=self._clock)

    def _run(self) -> None:
        while not self._stop.is_set():
            began = self._clock.monotonic()
            self.refresh()
            self._stop.wait(max(0.0, began + self._settings.interval - self._clock.monotonic()))


def _told(error: Exception) -> str:
    if isinstance(error, StatusError) and error.status in {401, 403}:
        return f"{error}: the account lacks the right; see docs/exporters/k3s.md"
    return str(error)

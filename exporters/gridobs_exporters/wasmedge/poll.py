"""Starts and ends of wasm containers from CRI's lists, where the event stream is not to be had.

What comes and is removed between two polls is not seen, and of a start there is only what CRI keeps: when the
container was recorded and when it ran. Each container is counted once; those there at the first poll are not.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from gridobs_exporters.names import wasmedge as names
from gridobs_exporters.wasmedge.api import Cri
from gridobs_exporters.wasmedge.identity import Record, Workload, identify, json_object
from gridobs_exporters.wasmedge.resident import Resident
from gridobs_exporters.wasmedge.starts import CONTAINER_TO_START, POD_TO_START, measured
from gridobs_exporters.wasmedge.wire import cri_pb2

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.wasmedge.logs import Logs
    from gridobs_exporters.wasmedge.presence import Presence
    from gridobs_exporters.wasmedge.tally import Tally


class Poll(Resident):
    """Keeps ``Presence`` and ``Tally`` fed, every ``interval`` seconds."""

    def __init__(
        self,
        sockets: Sequence[Path],
        *,
        interval: float,
        wasm_handlers: Collection[str],
        presence: Presence,
        tally: Tally,
        logs: Logs,
        clock: Clock,
    ) -> None:
        super().__init__(sockets, presence=presence, tally=tally, clock=clock)
        self._interval = interval
        self._wasm_handlers = wasm_handlers
        self._logs = logs
        self._seen: set[str] = set()
        self._counted_pods: set[str] = set()
        self._polled_before = False

    async def session(self, socket: Path) -> None:
        client = Cri(socket)
        try:
            while True:
                version = await client.version()
                await self._poll(client)
                self._presence.answered(version)
                self.connected(socket, version)
                self._logs.read()
                await asyncio.sleep(self._interval)
        finally:
            client.close()

    def ended(self) -> None:
        """What was seen stays: the next session goes on from it."""

    async def _poll(self, client: Cri) -> None:
        pods = {pod.id: pod for pod in await client.sandboxes()}
        containers = {container.id: container for container in await client.containers()}
        present = self._presence.running()
        for container in sorted(containers.values(), key=lambda container: container.created_at):
            runs = container.state == cri_pb2.CONTAINER_RUNNING
            if container.id in present:
                if not runs:
                    await self._end(client, container.id)
            elif container.id not in self._seen and container.state != cri_pb2.CONTAINER_CREATED:
                await self._meet(client, container, pods.get(container.pod_sandbox_id))
        for gone in present.keys() - containers.keys():
            await self._end(client, gone)
        self._seen &= containers.keys()
        self._counted_pods &= pods.keys()
        self._polled_before = True

    async def _meet(self, client: Cri, container: cri_pb2.Container, pod: cri_pb2.PodSandbox | None) -> None:
        """A container that has started since the last poll, or was there before the first."""
        answer = await client.status(container.id)
        if answer is None:
            self._tally.count(names.UNIDENTIFIED)
            return
        self._seen.add(container.id)
        try:
            workload, pid = describe(container, pod, answer, wasm_handlers=self._wasm_handlers)
        except ValueError:
            self._tally.count(names.UNPARSEABLE, "spec")
            return
        status = answer.status
        first_of_pod = container.pod_sandbox_id not in self._counted_pods
        self._counted_pods.add(container.pod_sandbox_id)
        if not workload.wasm:
            return
        if status.state == cri_pb2.CONTAINER_RUNNING:
            self._presence.add(workload, pid)
        if not self._polled_before:
            self._logs.follow(workload, started=None, from_start=False)
            return
        spans = {CONTAINER_TO_START: (status.created_at or None, status.started_at or None)}
        if pod and first_of_pod:
            spans[POD_TO_START] = (pod.created_at or None, status.started_at or None)
        self._tally.started(workload, measured(spans))
        self._logs.follow(workload, started=status.started_at or None, from_start=True)
        if status.state == cri_pb2.CONTAINER_EXITED:
            self._count_end(workload, status)

    async def _end(self, client: Cri, container: str) -> None:
        answer = await client.status(container)
        if workload := self._presence.remove(container):
            self._count_end(workload, answer.status if answer else None)

    def _count_end(self, workload: Workload, status: cri_pb2.ContainerStatus | None) -> None:
        self._tally.ended(workload, status.exit_code if status else None)
        if status and status.reason == "OOMKilled":
            self._tally.count(names.OOM_EVENTS, *self._tally.labels(workload))
        self._logs.leave(workload.id)


def describe(
    container: cri_pb2.Container,
    pod: cri_pb2.PodSandbox | None,
    answer: cri_pb2.ContainerStatusResponse,
    *,
    wasm_handlers: Collection[str],
) -> tuple[Workload, int]:
    """The workload and its pid, 0 if it is not told.

    containerd tells the OCI specification; of runtimes that do not, the annotations are taken from Kubernetes.

    Raises:
        ValueError: If what the runtime tells is not what it should be.
    """
    info = json_object(answer.info["info"]) if "info" in answer.info else {}
    spec = dict(_mapping(info.get("runtimeSpec")))
    annotations: dict[str, Any] = dict(
        _mapping(spec.get("annotations")) if spec else {**(pod.annotations if pod else {}), **container.annotations}
    )
    if pod:
        annotations["io.kubernetes.cri.sandbox-namespace"] = pod.metadata.namespace
        annotations["io.kubernetes.cri.sandbox-name"] = pod.metadata.name
    annotations["io.kubernetes.cri.sandbox-id"] = container.pod_sandbox_id
    annotations["io.kubernetes.cri.container-name"] = container.metadata.name
    runtime, pid = info.get("runtimeType"), info.get("pid")
    record = Record(
        id=container.id,
        runtime=runtime if isinstance(runtime, str) else "",
        spec=json.dumps({**spec, "annotations": annotations}).encode(),
        kind="container",
        sandbox_handler=pod.runtime_handler if pod else None,
        log_path=answer.status.log_path,
    )
    return identify(record, wasm_handlers=wasm_handlers), pid if isinstance(pid, int) else 0


def _mapping(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}

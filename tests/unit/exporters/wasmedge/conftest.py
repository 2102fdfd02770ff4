"""A scripted containerd: it says over gRPC what a test tells it to, with the time stamps the test gives."""

from __future__ import annotations

import asyncio
import json
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.empty_pb2 import Empty
from gridobs_exporters.wasmedge.wire import (
    containers_pb2,
    events_pb2,
    events_service_pb2,
    tasks_pb2,
    version_pb2,
)
from grpclib.const import Cardinality, Handler, Status
from grpclib.exceptions import GRPCError
from grpclib.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.message import Message
    from grpclib.server import Stream

_SERVICES = "/containerd.services"
_WAIT = 10.0  # seconds


@dataclass
class ScriptedContainerd:
    """Stands in for containerd where the real one cannot be made to misbehave on demand."""

    socket: Path
    containers: dict[str, containers_pb2.Container] = field(default_factory=dict)
    running: dict[str, int] = field(default_factory=dict)
    version: str = "1.7.20-k3s1"
    filters: list[str] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _streams: list[asyncio.Queue[events_service_pb2.Envelope | None]] = field(default_factory=list)
    _server: Server | None = None
    _thread: threading.Thread | None = None

    # --- what a test says ----------------------------------------------------------------------------------------
    def start(self) -> None:
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(self._new_server())
        self._do(self._server.start(path=str(self.socket)))

    def stop(self) -> None:
        self.break_streams()
        if self._server:
            self._do(self._close(self._server))
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread:
            self._thread.join(_WAIT)

    def add(self, container: str, *, sandbox: str = "", handler: str = "wasmedge", **annotations: str) -> None:
        """A container of pod ``meter-0`` in sandbox ``sandbox``, or a sandbox, with what CRI keeps of it."""
        about = {
            "io.kubernetes.cri.sandbox-id": sandbox or container,
            "io.kubernetes.cri.sandbox-name": "meter-0",
            "io.kubernetes.cri.sandbox-namespace": "power",
        }
        if sandbox:
            about["io.kubernetes.cri.container-name"] = "app"
        spec = {
            "annotations": about | annotations,
            "linux": {"cgroupsPath": f"kubepods-burstable-pod0f5c_1.slice:cri-containerd:{container}"},
        }
        made = containers_pb2.Container(id=container)
        made.labels["io.cri-containerd.kind"] = "container" if sandbox else "sandbox"
        made.runtime.name = "io.containerd.wasmedge.v1" if handler == "wasmedge" else "io.containerd.runc.v2"
        made.spec.value = json.dumps(spec).encode()
        key, metadata = ("container", {"LogPath": f"/var/log/pods/power_meter-0_u/app/{container}.log"})
        if not sandbox:
            key, metadata = "sandbox", {"RuntimeHandler": handler}
        kept = {"Version": "v1", "Metadata": metadata}
        made.extensions[f"io.cri-containerd.{key}.metadata"].value = json.dumps(kept).encode()
        self.containers[container] = made

    def send(self, topic: str, container: str, milliseconds: float, *, status: int = 0, payload: bytes = b"") -> None:
        """An event stamped that long after noon."""
        payloads: dict[str, Message] = {
            "/containers/create": events_pb2.ContainerCreate(id=container),
            "/containers/delete": events_pb2.ContainerDelete(id=container),
            "/tasks/create": events_pb2.TaskCreate(container_id=container, pid=1),
            "/tasks/start": events_pb2.TaskStart(container_id=container, pid=1),
            "/tasks/exit": events_pb2.TaskExit(container_id=container, id=container, exit_status=status),
            "/tasks/oom": events_pb2.TaskOOM(container_id=container),
        }
        envelope = events_service_pb2.Envelope(namespace="k8s.io", topic=topic)
        envelope.timestamp.FromNanoseconds(1_700_000_000 * 10**9 + round(milliseconds * 10**6))
        envelope.event.value = payload or payloads[topic].SerializeToString()
        for stream in self._streams:
            self._loop.call_soon_threadsafe(stream.put_nowait, envelope)

    def break_streams(self) -> None:
        for stream in self._streams:
            self._loop.call_soon_threadsafe(stream.put_nowait, None)

    @property
    def subscribers(self) -> int:
        return len(self._streams)

    # --- what it answers -----------------------------------------------------------------------------------------
    def __mapping__(self) -> dict[str, Handler]:
        unary, streaming = Cardinality.UNARY_UNARY, Cardinality.UNARY_STREAM
        return {
            f"{_SERVICES}.version.v1.Version/Version": Handler(
                self._version, unary, Empty, version_pb2.VersionResponse
            ),
            f"{_SERVICES}.containers.v1.Containers/Get": Handler(
                self._get, unary, containers_pb2.GetContainerRequest, containers_pb2.GetContainerResponse
            ),
            f"{_SERVICES}.tasks.v1.Tasks/List": Handler(
                self._list, unary, tasks_pb2.ListTasksRequest, tasks_pb2.ListTasksResponse
            ),
            f"{_SERVICES}.events.v1.Events/Subscribe": Handler(
                self._subscribe, streaming, events_service_pb2.SubscribeRequest, events_service_pb2.Envelope
            ),
        }

    async def _version(self, stream: Stream[Any, Any]) -> None:
        await stream.recv_message()
        await stream.send_message(version_pb2.VersionResponse(version=self.version))

    async def _get(self, stream: Stream[Any, Any]) -> None:
        request = await stream.recv_message()
        assert request
        found = self.containers.get(request.id)
        if found is None:
            raise GRPCError(Status.NOT_FOUND, "no such container")
        await stream.send_message(containers_pb2.GetContainerResponse(container=found))

    async def _list(self, stream: Stream[Any, Any]) -> None:
        await stream.recv_message()
        tasks = [tasks_pb2.Process(id=name, pid=pid, status=tasks_pb2.RUNNING) for name, pid in self.running.items()]
        await stream.send_message(tasks_pb2.ListTasksResponse(tasks=tasks))

    async def _subscribe(self, stream: Stream[Any, Any]) -> None:
        request = await stream.recv_message()
        assert request
        self.filters = list(request.filters)
        queue: asyncio.Queue[events_service_pb2.Envelope | None] = asyncio.Queue()
        self._streams.append(queue)
        try:
            while envelope := await queue.get():
                await stream.send_message(envelope)
        finally:
            self._streams.remove(queue)
        raise GRPCError(Status.UNAVAILABLE, "broken by the test")

    @staticmethod
    async def _close(server: Server) -> None:
        server.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 2)

    async def _new_server(self) -> Server:
        return Server([self])

    def _do(self, coroutine: Any) -> Any:  # noqa: ANN401 - whatever it gives
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_WAIT)


@pytest.fixture
def containerd() -> Iterator[ScriptedContainerd]:
    with tempfile.TemporaryDirectory(prefix="gridobs-") as folder:  # pytest's own are too long for a Unix socket
        scripted = ScriptedContainerd(socket=Path(folder) / "s.sock")
        scripted.start()
        yield scripted
        scripted.stop()

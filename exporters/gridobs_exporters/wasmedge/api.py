"""The calls of containerd and of CRI that are made, over gRPC on a Unix socket. Importing it costs 6 MB."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from grpclib.client import Channel, UnaryStreamMethod, UnaryUnaryMethod
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from gridobs_exporters.wasmedge.identity import Record
from gridobs_exporters.wasmedge.wire import containers_pb2, cri_pb2, events_service_pb2, tasks_pb2, version_pb2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

_SERVICES = "/containerd.services"
_CRI = "/runtime.v1.RuntimeService"
_TIMEOUT = 3.0  # seconds
_RUNS = (tasks_pb2.RUNNING, tasks_pb2.PAUSED, tasks_pb2.PAUSING)
_METADATA = ("io.cri-containerd.container.metadata", "io.cri-containerd.sandbox.metadata")
_KIND = "io.cri-containerd.kind"

_Answer = TypeVar("_Answer", bound=Message)


class _Client:
    def __init__(self, socket: Path, *, metadata: dict[str, str]) -> None:
        self._channel = Channel(path=str(socket))
        self._metadata = metadata

    def close(self) -> None:
        self._channel.close()

    async def _call(self, path: str, request: Message, answer: type[_Answer]) -> _Answer:
        method = UnaryUnaryMethod(self._channel, path, type(request), answer)
        return await method(request, timeout=_TIMEOUT, metadata=self._metadata)


class Containerd(_Client):
    """containerd's own services, in one of its namespaces."""

    def __init__(self, socket: Path, *, namespace: str) -> None:
        super().__init__(socket, metadata={"containerd-namespace": namespace})

    async def version(self) -> str:
        answer = await self._call(f"{_SERVICES}.version.v1.Version/Version", Empty(), version_pb2.VersionResponse)
        return answer.version

    async def container(self, container: str) -> Record | None:
        """None if there is none of that id any more."""
        request = containers_pb2.GetContainerRequest(id=container)
        try:
            answer = await self._call(
                f"{_SERVICES}.containers.v1.Containers/Get", request, containers_pb2.GetContainerResponse
            )
        except GRPCError as error:
            if error.status is Status.NOT_FOUND:
                return None
            raise
        found = answer.container
        metadata = next((found.extensions[key].value for key in _METADATA if key in found.extensions), b"")
        return Record(
            id=found.id,
            runtime=found.runtime.name,
            spec=found.spec.value,
            metadata=metadata,
            kind=found.labels.get(_KIND, ""),
        )

    async def running(self) -> dict[str, int]:
        """The pids of all tasks that run, by container id."""
        answer = await self._call(
            f"{_SERVICES}.tasks.v1.Tasks/List", tasks_pb2.ListTasksRequest(), tasks_pb2.ListTasksResponse
        )
        return {task.container_id or task.id: task.pid for task in answer.tasks if task.status in _RUNS}

    async def events(self, filters: Sequence[str]) -> AsyncIterator[events_service_pb2.Envelope]:
        """Every event that passes one of ``filters``, until the stream ends."""
        method = UnaryStreamMethod(
            self._channel,
            f"{_SERVICES}.events.v1.Events/Subscribe",
            events_service_pb2.SubscribeRequest,
            events_service_pb2.Envelope,
        )
        async with method.open() as stream:
            await stream.send_message(events_service_pb2.SubscribeRequest(filters=filters), end=True)
            async for envelope in stream:
                yield envelope


class Cri(_Client):
    """The Container Runtime Interface, v1. Only lists: its events, containerd 1.7 gives to whoever reads first."""

    def __init__(self, socket: Path) -> None:
        super().__init__(socket, metadata={})

    async def version(self) -> str:
        answer = await self._call(f"{_CRI}/Version", cri_pb2.VersionRequest(), cri_pb2.VersionResponse)
        return f"{answer.runtime_name} {answer.runtime_version}".removeprefix("containerd ")

    async def sandboxes(self) -> Sequence[cri_pb2.PodSandbox]:
        request = cri_pb2.ListPodSandboxRequest()
        return (await self._call(f"{_CRI}/ListPodSandbox", request, cri_pb2.ListPodSandboxResponse)).items

    async def containers(self) -> Sequence[cri_pb2.Container]:
        request = cri_pb2.ListContainersRequest()
        return (await self._call(f"{_CRI}/ListContainers", request, cri_pb2.ListContainersResponse)).containers

    async def status(self, container: str) -> cri_pb2.ContainerStatusResponse | None:
        """With what the runtime knows besides; None if there is none of that id any more."""
        request = cri_pb2.ContainerStatusRequest(container_id=container, verbose=True)
        try:
            return await self._call(f"{_CRI}/ContainerStatus", request, cri_pb2.ContainerStatusResponse)
        except GRPCError as error:
            if error.status is Status.NOT_FOUND:
                return None
            raise

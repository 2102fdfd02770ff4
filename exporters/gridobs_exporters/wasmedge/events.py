"""Events of containerd as plain data, whatever the wire brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from gridobs_exporters.wasmedge.wire import events_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.message import Message

    from gridobs_exporters.wasmedge.wire.events_service_pb2 import Envelope

_PAYLOADS: Mapping[str, type[Message]] = {
    "/containers/create": events_pb2.ContainerCreate,
    "/containers/delete": events_pb2.ContainerDelete,
    "/tasks/create": events_pb2.TaskCreate,
    "/tasks/start": events_pb2.TaskStart,
    "/tasks/exit": events_pb2.TaskExit,
    "/tasks/oom": events_pb2.TaskOOM,
}
TOPICS = tuple(_PAYLOADS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """``at`` is in nanoseconds. ``status`` is the exit status; None if it is no exit. ``pid`` is the host's, or 0."""

    topic: str
    at: int
    container: str
    pid: int = 0
    status: int | None = None


def filters(namespace: str) -> list[str]:
    """Only our topics in only our namespace: what a subscriber does not read, containerd keeps for it."""
    return [f'namespace=="{namespace}",topic=="{topic}"' for topic in TOPICS]


def decode(envelope: Envelope) -> Event | None:
    """The event; None if it is of no interest, such as the end of an exec.

    Raises:
        ValueError: If the payload is not what its topic says.
    """
    make = _PAYLOADS.get(envelope.topic)
    if make is None:
        return None
    try:
        payload = make.FromString(envelope.event.value)
    except DecodeError as error:
        raise ValueError(f"{envelope.topic}: {error}") from error
    container: str = getattr(payload, "container_id", "") or getattr(payload, "id", "")
    status: int | None = None
    if isinstance(payload, events_pb2.TaskExit):
        if payload.id not in ("", payload.container_id):
            return None
        status = payload.exit_status
    if not container:
        raise ValueError(f"{envelope.topic}: no container")
    at = envelope.timestamp.seconds * 10**9 + envelope.timestamp.nanos
    return Event(topic=envelope.topic, at=at, container=container, pid=getattr(payload, "pid", 0), status=status)

"""Mosquitto's ``$SYS`` topics as a table: one row per series.

Source: ``src/sys_tree.c`` of eclipse-mosquitto/mosquitto, 2.0.0 to 2.0.22 (53 topics) and 2.1.x (56). Left out are
deprecated aliases (``clients/active``, ``clients/inactive``, ``messages/stored``), sums and maxima that PromQL makes
from the rest (``clients/total``, ``clients/maximum``, ``heap/maximum``), and averages of what has a counter. The
``$SYS/broker/mqtt/...`` topics of the manual page are never published.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from gridobs_exporters.names import mqtt as names

if TYPE_CHECKING:
    from gridobs_exporters.metric import Metric

_BASE = "$SYS/broker/"
HEARTBEAT_TOPIC = _BASE + "uptime"
VERSION_TOPIC = _BASE + "version"
BRIDGES_FILTER = _BASE + "connection/+/state"


class Kind(Enum):
    """What a topic carries: a count that only grows, a count, an average, an age."""

    COUNTER = auto()
    GAUGE = auto()
    RATE = auto()
    UPTIME = auto()

    @property
    def pattern(self) -> str:
        """What the payload must match whole; group 1 is the number."""
        match self:
            case Kind.COUNTER | Kind.GAUGE:
                return r"([0-9]{1,20})"
            case Kind.RATE:
                return r"([0-9]{1,20}\.[0-9]{2})"
            case Kind.UPTIME:
                return r"([0-9]{1,20}) seconds"


@dataclass(frozen=True, slots=True)
class Row:
    """One topic. ``since`` is the first Mosquitto version that publishes it."""

    topic: str
    metric: Metric
    kind: Kind
    since: str = "2.0"

    def parse(self, payload: bytes) -> float:
        """The number in ``payload``.

        Raises:
            ValueError: If the payload is not what this topic carries; never read such a thing as 0.
        """
        match = re.fullmatch(self.kind.pattern, payload.decode("ascii", "replace"))
        if not match:
            raise ValueError(f"{self.topic} carries {payload[:40]!r}")
        return float(match[1])


def parse_version(payload: bytes) -> str:
    """``mosquitto version 2.0.11`` gives ``2.0.11``.

    Raises:
        ValueError: If the payload is something else.
    """
    match = re.fullmatch(r"mosquitto version ([0-9A-Za-z.+~_-]{1,64})", payload.decode("ascii", "replace"))
    if not match:
        raise ValueError(f"{VERSION_TOPIC} carries {payload[:40]!r}")
    return match[1]


def bridge_of(topic: str) -> str | None:
    """The client id at the other end of the bridge whose state ``topic`` carries; None if it carries none."""
    match = re.fullmatch(re.escape(_BASE) + r"connection/([^/]+)/state", topic)
    return match[1] if match else None


def parse_bridge_state(payload: bytes) -> bool:
    """Whether the bridge is connected.

    Raises:
        ValueError: If the payload is neither 0 nor 1.
    """
    if payload not in {b"0", b"1"}:
        raise ValueError(f"a bridge's state is {payload[:40]!r}")
    return payload == b"1"


def _row(topic: str, metric: Metric, kind: Kind, since: str = "2.0") -> Row:
    return Row(_BASE + topic, metric, kind, since)


_C, _G, _R = Kind.COUNTER, Kind.GAUGE, Kind.RATE
ROWS: tuple[Row, ...] = (
    _row("uptime", names.BROKER_UPTIME, Kind.UPTIME),
    _row("messages/received", names.MESSAGES_RECEIVED, _C),
    _row("messages/sent", names.MESSAGES_SENT, _C),
    _row("bytes/received", names.RECEIVED_BYTES, _C),
    _row("bytes/sent", names.SENT_BYTES, _C),
    _row("publish/messages/received", names.PUBLISH_RECEIVED, _C),
    _row("publish/messages/sent", names.PUBLISH_SENT, _C),
    _row("publish/messages/dropped", names.PUBLISH_DROPPED, _C),
    _row("publish/bytes/received", names.PUBLISH_RECEIVED_BYTES, _C),
    _row("publish/bytes/sent", names.PUBLISH_SENT_BYTES, _C),
    _row("clients/expired", names.CLIENTS_EXPIRED, _C),
    _row("connections/socket/count", names.SOCKET_CONNECTIONS, _C, "2.1"),
    _row("clients/connected", names.CLIENTS_CONNECTED, _G),
    _row("clients/disconnected", names.CLIENTS_DISCONNECTED, _G),
    _row("store/messages/count", names.STORED_MESSAGES, _G),
    _row("store/messages/bytes", names.STORED_BYTES, _G),
    _row("subscriptions/count", names.SUBSCRIPTIONS, _G),
    _row("shared_subscriptions/count", names.SHARED_SUBSCRIPTIONS, _G),
    _row("retained messages/count", names.RETAINED_MESSAGES, _G),
    _row("heap/current", names.HEAP_BYTES, _G),
    _row("packet/out/count", names.OUTGOING_PACKETS, _G, "2.1"),
    _row("packet/out/bytes", names.OUTGOING_PACKET_BYTES, _G, "2.1"),
    _row("load/sockets/1min", names.SOCKETS_PER_MINUTE, _R),
    _row("load/connections/1min", names.CONNECTIONS_PER_MINUTE, _R),
)

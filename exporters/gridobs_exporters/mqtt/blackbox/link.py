"""One client of a visit: what came back on its connection, with the time it came."""

from __future__ import annotations

import select
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from gridobs_exporters.mqtt.blackbox.module import LOST, NOT_MQTT, StepError
from gridobs_exporters.mqtt.capabilities import capabilities
from gridobs_exporters.mqtt.target import acknowledge_at_once, reason_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
    from paho.mqtt.reasoncodes import ReasonCode

    from gridobs_exporters.clock import Clock

_MOST_DELIVERIES = 10_000  # more are a flood, and are not kept
_LONGEST_PAYLOAD = 256  # bytes; ours are shorter


@dataclass(frozen=True, slots=True, kw_only=True)
class Connack:
    at: float
    reason: ReasonCode
    session_present: bool
    capabilities: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    at: float
    topic: str
    payload: bytes
    retained: bool


class Link:
    """Wraps a paho client that is connected already; every time is of ``clock.monotonic``."""

    def __init__(self, client: Client, *, session_expiry: int, clock: Clock) -> None:
        self.connack: Connack | None = None
        self.lost: str | None = None
        self.subacks: dict[int, list[ReasonCode]] = {}
        self.acknowledged: dict[int, tuple[float, ReasonCode]] = {}
        self.deliveries: list[Delivery] = []
        self._client = client
        self._session_expiry = session_expiry
        self._clock = clock
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect

    @property
    def connection(self) -> Any:  # noqa: ANN401 - a socket, a TLS one, or None
        return self._client.socket()

    def subscribe(self, topic: str, *, qos: int) -> int:
        """The packet id under which ``subacks`` has the answer."""
        return self._client.subscribe(topic, options=SubscribeOptions(qos=qos))[1] or 0

    def unsubscribe(self, topic: str) -> None:
        self._client.unsubscribe(topic)

    def publish(self, topic: str, payload: bytes, *, qos: int, retain_for: int | None = None) -> int:
        """The packet id under which ``acknowledged`` has the answer; retained for so many seconds, if any."""
        properties = None
        if retain_for is not None and payload:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
            properties.MessageExpiryInterval = retain_for
        return self._client.publish(topic, payload, qos=qos, retain=retain_for is not None, properties=properties).mid

    def leave(self) -> None:
        """Say good-bye, and break the cycle that would keep the sockets until the garbage is collected."""
        client = self._client
        with suppress(Exception):  # whatever state a peer brought it to
            client.disconnect()
            client.loop_write()
        client.on_connect = client.on_subscribe = client.on_publish = client.on_message = client.on_disconnect = None
        if connection := client.socket():
            connection.close()

    def wants_to_write(self) -> bool:
        return self._client.want_write()

    def serve(self) -> None:
        """Take in and send what is ready.

        Raises:
            StepError: If what came is not MQTT.
        """
        try:
            code = self._client.loop_read()
            if code == MQTTErrorCode.MQTT_ERR_SUCCESS and self._client.want_write():
                code = self._client.loop_write()
        except Exception as error:
            self.lost = NOT_MQTT
            raise StepError("connack" if self.connack is None else "session", NOT_MQTT) from error
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self.lost = self.lost or (NOT_MQTT if code == MQTTErrorCode.MQTT_ERR_PROTOCOL else LOST)

    # --- what paho calls -------------------------------------------------------------------------------------------
    def _on_connect(
        self, _client: Client, _data: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self.connack = Connack(
            at=self._clock.monotonic(),
            reason=reason,
            session_present=flags.session_present,
            capabilities=capabilities(
                properties, keepalive=self._client.keepalive, session_expiry=self._session_expiry
            ),
        )

    def _on_subscribe(
        self, _client: Client, _data: object, packet: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        self.subacks[packet] = reasons

    def _on_publish(
        self, _client: Client, _data: object, packet: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        self.acknowledged[packet] = self._clock.monotonic(), reason

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if len(self.deliveries) < _MOST_DELIVERIES:
            payload = bytes(message.payload[:_LONGEST_PAYLOAD])
            now = self._clock.monotonic()
            self.deliveries.append(Delivery(at=now, topic=message.topic, payload=payload, retained=message.retain))

    def _on_disconnect(
        self,
        _client: Client,
        _data: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self.lost = reason_name(reason) if flags.is_disconnect_packet_from_server else self.lost or LOST


def serve(links: Iterable[Link], *, wait: float) -> None:
    """Wait at most ``wait`` seconds until something came for one of ``links``, and serve those it came for.

    Raises:
        StepError: If what came is not MQTT.
    """
    alive = {link.connection: link for link in links if link.connection is not None}
    for connection in alive:
        acknowledge_at_once(connection)
    readable = [connection for connection in alive if getattr(connection, "pending", int)()]
    writable: list[Any] = []
    if not readable:
        writing = [connection for connection, link in alive.items() if link.wants_to_write()]
        readable, writable, _ = select.select(list(alive), writing, [], wait)
    for connection in dict.fromkeys((*readable, *writable)):
        alive[connection].serve()

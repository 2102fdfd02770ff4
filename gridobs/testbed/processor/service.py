"""The processor on the network: a shared MQTT 5 subscription, acknowledged by hand once a batch is on the disk."""

from __future__ import annotations

import logging
import select
import time
from typing import TYPE_CHECKING

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gridobs.testbed.processor.pipeline import Arrival, Pipeline
from gridobs.testbed.reading import SUBSCRIPTION

if TYPE_CHECKING:
    import threading

    from paho.mqtt.reasoncodes import ReasonCode

    from gridobs.instrument import PowerMetrics

_LOG = logging.getLogger(__name__)

RECEIVE_MAXIMUM = 1000
_LINGER_SECONDS = (0.005, 0.5)
_IDLE_SECONDS = 0.25
_RETRY_SECONDS = 1.0
_KEEPALIVE_SECONDS = 30
_SESSION_EXPIRY_SECONDS = 86_400
_RECONNECT_SECONDS = (0.1, 2.0)


class _ReadsToTheEnd(mqtt.Client):
    """A client that a failing write does not disconnect: reading to the end of the stream does.

    When a broker dies, what it had sent may still wait in the socket, and the meters hold its word for it. Paho
    closes the socket at the first acknowledgement that cannot be written, and would throw that away.
    """

    def _sock_send(self, buf: bytes | bytearray) -> int:
        try:
            return super()._sock_send(buf)
        except (BrokenPipeError, ConnectionResetError):
            return len(buf)


class Service:
    """Takes messages off the wire no faster than it stores them, so that waiting happens in the broker, not here.

    In good order it reads for a moment, stores what came in one transaction, acknowledges it. The moment is as long
    as the last transaction waited for its lock and disk: a slow store gets larger batches and keeps up. While the
    store refuses, nothing is acknowledged; it goes on reading, so that the connection stays alive, and the broker
    keeps what is beyond the receive maximum. The session outlives the process: after a crash the broker redelivers
    what was not acknowledged, and the store tells what it has already.
    """

    def __init__(self, pipeline: Pipeline, metrics: PowerMetrics, *, host: str, port: int, client_id: str) -> None:
        self._pipeline, self._metrics = pipeline, metrics
        self._host, self._port = host, port
        self._pending: list[Arrival] = []
        self._connection = 0
        self._next_try = 0.0
        self._delay = _RECONNECT_SECONDS[0]
        self._retry_at = 0.0
        self._linger = _LINGER_SECONDS[0]
        self._refused: str | None = None
        client = _ReadsToTheEnd(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5, manual_ack=True
        )
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_socket_register_write = lambda *_: None  # collect acknowledgements, write them together
        client.max_inflight_messages_set(RECEIVE_MAXIMUM)
        self._client = client

    def run(self, stop: threading.Event) -> None:
        """Process until ``stop`` is set; then finish what is in hand and disconnect."""
        while not stop.is_set():
            self._turn()
        if self._pending:
            self._store_pending()
        self._client.loop_write()
        self._client.disconnect()
        self._client.loop_write()

    def _turn(self) -> None:
        self._read()
        if self._pending and time.monotonic() >= self._retry_at:
            self._store_pending()
        if self._client.socket() is None:
            self._reconnect(time.monotonic())
        else:
            self._client.loop_misc()
            if self._client.want_write():
                self._client.loop_write()

    def _read(self) -> None:
        """Read until nothing came for a while, or the first that came has lingered for others to join it."""
        until = time.monotonic() + _IDLE_SECONDS
        while (sock := self._client.socket()) is not None:
            wait = until - time.monotonic()
            if wait <= 0 or not select.select([sock], [], [], wait)[0]:
                return
            before = len(self._pending)
            self._client.loop_read()
            if before == 0 and self._pending:
                until = time.monotonic() + self._linger
            if self._client.want_write():
                self._client.loop_write()

    def _store_pending(self) -> None:
        waited = self._pipeline.process(self._pending)
        if waited is None:
            self._retry_at = time.monotonic() + _RETRY_SECONDS
        else:
            self._linger = min(max(waited, _LINGER_SECONDS[0]), _LINGER_SECONDS[1])
            for arrival in self._pending:
                if arrival.connection == self._connection:
                    self._client.ack(arrival.mid, 1)
            self._pending.clear()
        oldest = self._pending[0].received_at if self._pending else None
        self._metrics.backlog(len(self._pending), oldest)

    def _reconnect(self, now: float) -> None:
        if now < self._next_try:
            time.sleep(min(self._next_try - now, _IDLE_SECONDS))
            return
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho's own lacks types
        properties.SessionExpiryInterval = _SESSION_EXPIRY_SECONDS
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        self._delay = min(self._delay * 2, _RECONNECT_SECONDS[1])
        self._next_try = now + self._delay
        try:
            self._client.connect(
                self._host, self._port, keepalive=_KEEPALIVE_SECONDS, clean_start=False, properties=properties
            )
            self._client.loop_write()
        except OSError as error:
            self._complain(f"cannot reach the broker at {self._host}:{self._port}: {error}")

    def _complain(self, text: str) -> None:
        if text != self._refused:
            _LOG.error("%s; trying again", text)
        self._refused = text

    def _on_connect(
        self,
        client: mqtt.Client,
        _userdata: object,
        flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        _properties: object,
    ) -> None:
        if reason.is_failure:
            self._complain(f"the broker at {self._host}:{self._port} refuses the connection: {reason}")
            return
        self._refused = None
        self._delay = _RECONNECT_SECONDS[0]
        self._connection += 1
        _LOG.info("connected, %s session", "resumed" if flags.session_present else "new")
        if self._connection > 1:
            self._metrics.reconnected()
        client.subscribe(SUBSCRIPTION, qos=1)

    def _on_subscribe(
        self, client: mqtt.Client, _userdata: object, _mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        if reasons[0].is_failure:
            self._complain(f"the broker refuses the subscription {SUBSCRIPTION}: {reasons[0]}")
            client.disconnect()
            return
        self._metrics.broker_connected(connected=True)

    def _on_disconnect(self, *_: object) -> None:
        self._metrics.broker_connected(connected=False)

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        self._pending.append(
            Arrival(
                topic=message.topic,
                payload=bytes(message.payload),
                received_at=time.time(),
                received=time.monotonic(),
                mid=message.mid,
                connection=self._connection,
            )
        )

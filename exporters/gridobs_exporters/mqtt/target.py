"""The broker that is watched, and clients for it."""

from __future__ import annotations

import socket
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

if TYPE_CHECKING:
    import ssl

    from paho.mqtt.reasoncodes import ReasonCode

SESSION_EXPIRY = 0  # seconds; what is not said otherwise ends with its connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker listens and how to be let in. ``tls`` is None for plain TCP."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    def new_client(self, role: str, *, connect_timeout: float, client_id: str | None = None) -> Client:
        """An MQTT 5 client with an id of its own, so that no two of ours ever take over each other's session.

        ``client_id`` is for one that is to come back to its session.
        """
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id or f"gridobs-{role}-{uuid.uuid4().hex}",
            protocol=MQTTv5,
            reconnect_on_failure=False,
        )
        client.connect_timeout = connect_timeout
        client.on_socket_open = _send_at_once
        if self.username is not None:
            client.username_pw_set(self.username, self.password)
        if self.tls:
            client.tls_set_context(self.tls)
        return client

    def connect(
        self, client: Client, *, keepalive: int, clean_start: bool = True, session_expiry: int = SESSION_EXPIRY
    ) -> None:
        """Open the connection and send CONNECT. The session outlives the connection by ``session_expiry`` seconds.

        Raises:
            OSError: If the broker cannot be reached or TLS fails.
        """
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        properties.SessionExpiryInterval = session_expiry
        try:
            code = client.connect(self.host, self.port, keepalive, clean_start=clean_start, properties=properties)
        except UnicodeError as error:  # a host name that IDNA cannot encode
            raise OSError(str(error)) from error
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise OSError(code.name)


def _send_at_once(_client: Client, _userdata: object, connection: Any) -> None:  # noqa: ANN401 - a socket or a TLS one
    """Without Nagle's algorithm, which would add a delayed ACK (40 ms) to the round trips that are measured."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def acknowledge_at_once(connection: Any) -> None:  # noqa: ANN401 - a socket, a TLS one, or None
    """Without the delayed ACK a broker with Nagle's algorithm waits for: 40 ms at QoS 2 that are not its work.

    Linux forgets the option, so it is set before each wait.
    """
    if connection is not None and hasattr(socket, "TCP_QUICKACK"):
        with suppress(OSError):  # a connection that broke shows when it is read
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def reason_name(code: ReasonCode) -> str:
    """The reason as a label value and for people: ``0x87 Not authorized``."""
    return f"0x{code.value:02X} {code.getName()}"

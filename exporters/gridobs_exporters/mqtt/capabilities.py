"""What an MQTT 5 broker grants a client: properties of CONNACK, section 3.2.2.3 of the OASIS standard."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paho.mqtt.properties import Properties

# The property in paho's spelling, our name, and what the standard says of its absence. Session expiry and keep alive
# are then what the client asked for.
_DEFAULTS: tuple[tuple[str, str, float], ...] = (
    ("ReceiveMaximum", "receive_maximum", 65_535),
    ("TopicAliasMaximum", "topic_alias_maximum", 0),
    ("MaximumQoS", "maximum_qos", 2),
    ("RetainAvailable", "retain_available", 1),
    ("MaximumPacketSize", "maximum_packet_size_bytes", math.inf),
    ("WildcardSubscriptionAvailable", "wildcard_subscription_available", 1),
    ("SubscriptionIdentifierAvailable", "subscription_identifier_available", 1),
    ("SharedSubscriptionAvailable", "shared_subscription_available", 1),
)


def capabilities(properties: Properties | None, *, keepalive: int, session_expiry: int) -> dict[str, float]:
    """By name; ``keepalive`` and ``session_expiry`` in seconds are what CONNECT asked for."""
    asked: tuple[tuple[str, str, float], ...] = (
        ("ServerKeepAlive", "server_keep_alive_seconds", keepalive),
        ("SessionExpiryInterval", "session_expiry_seconds", session_expiry),
    )
    return {name: float(getattr(properties, attribute, default)) for attribute, name, default in asked + _DEFAULTS}

"""What a broker grants and refuses, in its own words."""

from __future__ import annotations

import math

import pytest
from gridobs_exporters.metric import Samples
from gridobs_exporters.mqtt.capabilities import capabilities
from gridobs_exporters.mqtt.reasons import Reasons
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

CODES = [
    pytest.param(packet, value, id=f"{PacketTypes.Names[packet]}-{value:#04x}")
    for packet in (PacketTypes.CONNACK, PacketTypes.SUBACK, PacketTypes.PUBACK, PacketTypes.DISCONNECT)
    for value, uses in ReasonCode.names.items()
    for packets in uses.values()
    if packet in packets
]


def counted(reasons: Reasons) -> dict[tuple[str, ...], float]:
    """By client, packet and reason."""
    samples = Samples()
    reasons.add_to(samples, "main")
    return {
        tuple(sample.labels.values())[1:]: sample.value
        for family in samples.families()[0]
        for sample in family.samples
    }


def test_what_is_likely_is_there_at_0_so_that_its_first_increase_is_seen() -> None:
    counts = counted(Reasons())

    assert set(counts.values()) == {0}
    assert ("probe", "CONNACK", "0x87 Not authorized") in counts
    assert ("probe", "PUBACK", "0x10 No matching subscribers") in counts
    assert ("monitor", "DISCONNECT", "0x8B Server shutting down") in counts
    assert len(counts) == 29


@pytest.mark.parametrize(("packet", "value"), CODES)
def test_every_reason_but_success_is_counted_by_its_code_and_name(packet: int, value: int) -> None:
    reasons = Reasons()
    code = ReasonCode(packet, identifier=value)
    reasons.count("monitor", code)
    moved = {labels for labels, times in counted(reasons).items() if times}

    expected = {("monitor", PacketTypes.Names[packet].upper(), f"0x{value:02X} {code.getName()}")}
    assert moved == (expected if value > 2 else set())


def test_a_broker_that_says_nothing_grants_what_the_standard_says() -> None:
    assert capabilities(None, keepalive=10, session_expiry=0) == {
        "server_keep_alive_seconds": 10,
        "session_expiry_seconds": 0,
        "receive_maximum": 65535,
        "topic_alias_maximum": 0,
        "maximum_qos": 2,
        "retain_available": 1,
        "maximum_packet_size_bytes": math.inf,
        "wildcard_subscription_available": 1,
        "subscription_identifier_available": 1,
        "shared_subscription_available": 1,
    }


def test_what_a_broker_says_is_what_it_grants() -> None:
    properties = Properties(PacketTypes.CONNACK)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    properties.ServerKeepAlive = 30
    properties.SessionExpiryInterval = 3600
    properties.MaximumQoS = 1
    properties.RetainAvailable = 0
    properties.MaximumPacketSize = 2_000_000
    granted = capabilities(properties, keepalive=10, session_expiry=0)

    assert granted["server_keep_alive_seconds"] == 30
    assert granted["session_expiry_seconds"] == 3600
    assert granted["maximum_qos"] == 1
    assert granted["retain_available"] == 0
    assert granted["maximum_packet_size_bytes"] == 2_000_000
    assert granted["receive_maximum"] == 65535

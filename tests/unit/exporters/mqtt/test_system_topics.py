"""Mosquitto's topics as a source: what it says to people."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.metric import Samples
from gridobs_exporters.mqtt.system_topics import SystemTopics
from gridobs_exporters.mqtt.target import Broker
from paho.mqtt.client import MQTTMessage

if TYPE_CHECKING:
    from tests.unit.exporters.conftest import Hands


@pytest.fixture(name="source")
def source_fixture(hands: Hands) -> SystemTopics:
    """Connected."""
    source = SystemTopics(Broker(host="broker", port=1883), sys_interval=10, clock=hands.clock)
    source.connected()
    return source


def tell(source: SystemTopics, topic: str, payload: bytes) -> None:
    message = MQTTMessage(topic=f"$SYS/broker/{topic}".encode())
    message.payload = payload
    source.message(message)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_each_topic_that_carries_nonsense_is_told_once(
    source: SystemTopics, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        tell(source, "bytes/sent", b"many")
        tell(source, "connection/wan/state", b"2")
        tell(source, "connection/lab/state", b"2")

    assert [line.split()[0] for line in warnings(caplog)] == [
        "$SYS/broker/bytes/sent",
        "$SYS/broker/connection/wan/state",
    ]


def test_silence_is_told_once_with_its_cure_and_so_is_its_end(
    source: SystemTopics, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    hands.now = 30.01
    for _ in range(3):
        assert not source.add_to(Samples(), "main")
    tell(source, "uptime", b"60 seconds")
    assert source.add_to(Samples(), "main")

    (line,) = warnings(caplog)
    assert "let this user read $SYS/broker/#" in line
    assert caplog.messages[-1] == "mqtt://broker:1883 sends its heartbeat"


def test_a_heartbeat_that_stops_takes_all_figures_with_it(source: SystemTopics, hands: Hands) -> None:
    tell(source, "uptime", b"60 seconds")
    tell(source, "clients/connected", b"9")
    hands.now = 30.01
    samples = Samples()

    assert not source.add_to(samples, "main")
    named = {family.name for family in samples.families()[0]}
    assert named == {"gridobs_mqtt_last_heartbeat_timestamp_seconds", "gridobs_mqtt_unparseable"}

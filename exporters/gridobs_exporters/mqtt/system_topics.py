"""Mosquitto's ``$SYS`` topics as a source."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from gridobs_exporters.changelog import ChangeLog
from gridobs_exporters.mqtt.source import Source
from gridobs_exporters.mqtt.state import HEARTBEATS_MISSED, BrokerState
from gridobs_exporters.mqtt.tables.mosquitto import BRIDGES_FILTER, ROWS, VERSION_TOPIC
from gridobs_exporters.names import mqtt as names

if TYPE_CHECKING:
    from paho.mqtt.client import MQTTMessage

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.metric import Samples
    from gridobs_exporters.mqtt.target import Broker

log = logging.getLogger(__name__)


class SystemTopics(Source):
    """``BrokerState`` behind a lock, and the log lines about its heartbeat."""

    topics = (VERSION_TOPIC, BRIDGES_FILTER, *(row.topic for row in ROWS))

    def __init__(self, broker: Broker, *, sys_interval: float, clock: Clock) -> None:
        self._broker = broker
        self._clock = clock
        self._state = BrokerState(sys_interval=sys_interval)
        self._lock = threading.Lock()
        self._log = ChangeLog(log)

    def connected(self) -> None:
        with self._lock:
            self._state.connected(monotonic=self._clock.monotonic())

    def disconnected(self) -> None:
        with self._lock:
            self._state.disconnected()

    def message(self, message: MQTTMessage) -> None:
        now, wall = self._clock.monotonic(), self._clock.wall()
        with self._lock:
            known = len(self._state.unparseable)
            self._state.message(
                message.topic, bytes(message.payload), retained=message.retain, wall=wall, monotonic=now
            )
            first = len(self._state.unparseable) > known
        if first:
            log.warning("%s carries %r, which is not what Mosquitto sends", message.topic, message.payload[:40])

    def add_to(self, samples: Samples, broker: str) -> bool:
        with self._lock:
            now = self._clock.monotonic()
            facts, silent = self._state.facts(monotonic=now), self._state.is_silent(monotonic=now)
            heartbeat, unparseable = self._state.last_heartbeat_wall, dict(self._state.unparseable)
        samples.add(names.LAST_HEARTBEAT, heartbeat, broker)
        samples.declare(names.UNPARSEABLE)
        for topic, times in sorted(unparseable.items()):
            samples.add(names.UNPARSEABLE, times, broker, topic)
        if facts:
            facts.add_to(samples, broker)
            self._log.say(logging.INFO, f"{self._broker} sends its heartbeat")
        elif silent:
            self._log.say(
                logging.WARNING,
                f"connected to {self._broker}, but {HEARTBEATS_MISSED} intervals passed without $SYS/broker/uptime; "
                "let this user read $SYS/broker/#, and give the broker's sys_interval as sys_interval",
            )
        return facts is not None

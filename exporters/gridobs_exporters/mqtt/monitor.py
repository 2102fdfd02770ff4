"""The resident client that listens to ``$SYS`` and comes back whenever it loses the broker."""

from __future__ import annotations

import logging
import math
import threading
from typing import TYPE_CHECKING

from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from gridobs_exporters.changelog import ChangeLog
from gridobs_exporters.mqtt.state import HEARTBEATS_MISSED, BrokerFacts, BrokerState
from gridobs_exporters.mqtt.target import Broker, reason_name
from gridobs_exporters.mqtt.topics import BRIDGES_FILTER, ROWS, VERSION_TOPIC

if TYPE_CHECKING:
    from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.mqtt.probe import Refused

log = logging.getLogger(__name__)

_TOPICS = (VERSION_TOPIC, BRIDGES_FILTER, *(row.topic for row in ROWS))
_BACKOFF_FIRST, _BACKOFF_LAST = 0.5, 10.0  # seconds
_CONNECT_TIMEOUT = 5.0  # seconds for TCP and TLS
_WAKE = 0.25  # seconds between looks at the stop signal


class Monitor:
    """Keeps ``BrokerState`` fed from a thread of its own."""

    def __init__(self, broker: Broker, *, sys_interval: float, clock: Clock, refused: Refused) -> None:
        self._broker = broker
        self._refused = refused
        self._clock = clock
        self._state = BrokerState(sys_interval=sys_interval)
        self._keepalive = max(5, math.ceil(sys_interval))
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt-monitor", daemon=True)
        self._connection_log = ChangeLog(log)
        self._heartbeat_log = ChangeLog(log)
        self._answered = self._accepted = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=2 * _WAKE)

    def facts(self) -> BrokerFacts | None:
        """What the broker said, if it may be believed now."""
        with self._lock:
            now = self._clock.monotonic()
            facts, silent = self._state.facts(monotonic=now), self._state.is_silent(monotonic=now)
        if facts:
            self._heartbeat_log.say(logging.INFO, f"{self._broker} sends its heartbeat")
        elif silent:
            self._heartbeat_log.say(
                logging.WARNING,
                f"connected to {self._broker}, but {HEARTBEATS_MISSED} intervals passed without $SYS/broker/uptime; "
                "let this user read $SYS/broker/#, and give the broker's sys_interval as --mqtt.sys-interval",
            )
        return facts

    @property
    def last_heartbeat(self) -> float:
        with self._lock:
            return self._state.last_heartbeat_wall

    def unparseable(self) -> dict[str, int]:
        with self._lock:
            return dict(self._state.unparseable)

    # --- the thread ------------------------------------------------------------------------------------------------
    def _run(self) -> None:
        delay = _BACKOFF_FIRST
        while not self._stop.is_set():
            began = self._clock.monotonic()
            self._answered = self._accepted = False
            try:
                self._session()
            except Exception as error:  # the monitor must outlive whatever a peer sends
                log.debug("session with %s", self._broker, exc_info=True)
                self._connection_log.say(logging.ERROR, f"{self._broker} sends what is not MQTT 5: {error!r}")
            with self._lock:
                self._state.disconnected()
            lasted = self._clock.monotonic() - began > _BACKOFF_LAST
            delay = _BACKOFF_FIRST if self._accepted and lasted else min(delay * 2, _BACKOFF_LAST)
            self._stop.wait(delay)

    def _session(self) -> None:
        client = self._broker.new_client("monitor", connect_timeout=_CONNECT_TIMEOUT)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        try:
            self._broker.connect(client, keepalive=self._keepalive)
        except OSError as error:
            self._connection_log.say(logging.WARNING, f"cannot reach {self._broker}: {error}; trying again")
            return
        while not self._stop.is_set():
            if client.loop(_WAKE) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                if not self._answered:
                    text = f"{self._broker} takes the connection but does not answer; it must speak MQTT 5"
                    self._connection_log.say(logging.WARNING, text)
                return
        client.disconnect()

    # --- what paho calls, in that thread ----------------------------------------------------------------------------
    def _on_connect(
        self, client: Client, _data: object, _flags: ConnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        self._answered = True
        if code.is_failure:
            reason = reason_name(code)
            self._refused("connect", reason)
            self._connection_log.say(
                logging.ERROR,
                f"{self._broker} refuses the connection: {reason}; check --mqtt.username and --mqtt.password-file",
            )
            return
        self._accepted = True
        with self._lock:
            self._state.connected(monotonic=self._clock.monotonic())
        self._connection_log.say(logging.INFO, f"connected to {self._broker}")
        client.subscribe([(topic, SubscribeOptions(qos=0)) for topic in _TOPICS])

    def _on_subscribe(
        self, _client: Client, _data: object, _mid: int, codes: list[ReasonCode], _properties: Properties | None
    ) -> None:
        refused = [(topic, reason_name(code)) for topic, code in zip(_TOPICS, codes, strict=False) if code.is_failure]
        for _, reason in refused:
            self._refused("subscribe", reason)
        if refused:
            (topic, reason), count = refused[0], len(refused)
            self._heartbeat_log.say(
                logging.ERROR,
                f"{self._broker} refuses {count} of {len(_TOPICS)} subscriptions, {topic} first: {reason}; "
                "allow this user to subscribe to $SYS/broker/#",
            )

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        now, wall = self._clock.monotonic(), self._clock.wall()
        with self._lock:
            read = self._state.message(
                message.topic, bytes(message.payload), retained=message.retain, wall=wall, monotonic=now
            )
            first = not read and self._state.unparseable[message.topic] == 1
        if first:
            log.warning("%s carries %r, which is not what Mosquitto sends", message.topic, message.payload[:40])

    def _on_disconnect(
        self,
        _client: Client,
        _data: object,
        _flags: DisconnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if self._accepted and not self._stop.is_set():
            self._connection_log.say(logging.WARNING, f"lost {self._broker}: {reason_name(code)}; trying again")

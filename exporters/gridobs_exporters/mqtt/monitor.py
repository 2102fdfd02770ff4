"""The resident client that stays connected to the broker and comes back whenever it loses it."""

from __future__ import annotations

import logging
import math
import threading
from typing import TYPE_CHECKING

from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from gridobs_exporters.changelog import ChangeLog
from gridobs_exporters.mqtt.capabilities import capabilities
from gridobs_exporters.mqtt.target import SESSION_EXPIRY, Broker, reason_name
from gridobs_exporters.names import mqtt as names

if TYPE_CHECKING:
    from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.metric import Samples
    from gridobs_exporters.mqtt.reasons import Told
    from gridobs_exporters.mqtt.source import Source

log = logging.getLogger(__name__)

_BACKOFF_FIRST, _BACKOFF_LAST = 0.5, 10.0  # seconds
_CONNECT_TIMEOUT = 5.0  # seconds for TCP and TLS
_WAKE = 0.25  # seconds between looks at the stop signal
_KEEPALIVE_LEAST, _KEEPALIVE_MOST = 5, 10  # seconds; a peer that hangs is found out within twice that


class Monitor:
    """Tells ``source`` of the connection and its messages, from a thread of its own."""

    def __init__(self, broker: Broker, source: Source, *, interval: float, clock: Clock, told: Told) -> None:
        """``interval`` is how often something is heard of the broker, in seconds."""
        self._broker = broker
        self._source = source
        self._told = told
        self._clock = clock
        self._keepalive = min(max(_KEEPALIVE_LEAST, math.ceil(interval)), _KEEPALIVE_MOST)
        self._lock = threading.Lock()
        self._granted: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt-monitor", daemon=True)
        self._log = ChangeLog(log)
        self._answered = self._accepted = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=2 * _WAKE)

    def add_to(self, samples: Samples, broker: str) -> None:
        with self._lock:
            granted = self._granted
        samples.add(names.CONNECTED, bool(granted), broker)
        samples.declare(names.CAPABILITY)
        for capability, value in granted.items():
            samples.add(names.CAPABILITY, value, broker, capability)

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
                self._log.say(logging.ERROR, f"{self._broker} sends what is not MQTT 5: {error!r}")
            self._grant({})
            self._source.disconnected()
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
            self._log.say(logging.WARNING, f"cannot reach {self._broker}: {error}; trying again")
            return
        while not self._stop.is_set():
            if client.loop(_WAKE) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                if not self._answered:
                    text = f"{self._broker} takes the connection but does not answer; it must speak MQTT 5"
                    self._log.say(logging.WARNING, text)
                return
        client.disconnect()

    # --- what paho calls, in that thread ----------------------------------------------------------------------------
    def _on_connect(
        self, client: Client, _data: object, _flags: ConnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        self._answered = True
        self._told(code)
        if code.is_failure:
            self._log.say(
                logging.ERROR,
                f"{self._broker} refuses the connection: {reason_name(code)}; check username and password_file",
            )
            return
        self._accepted = True
        self._source.connected()
        self._grant(capabilities(properties, keepalive=self._keepalive, session_expiry=SESSION_EXPIRY))
        self._log.say(logging.INFO, f"connected to {self._broker}")
        if self._source.topics:
            client.subscribe([(topic, SubscribeOptions(qos=0)) for topic in self._source.topics])

    def _on_subscribe(
        self, _client: Client, _data: object, _mid: int, codes: list[ReasonCode], _properties: Properties | None
    ) -> None:
        refused = [(topic, code) for topic, code in zip(self._source.topics, codes, strict=False) if code.is_failure]
        for code in codes:
            self._told(code)
        if refused:
            (topic, code), count = refused[0], len(refused)
            self._log.say(
                logging.ERROR,
                f"{self._broker} refuses {count} of {len(codes)} subscriptions, {topic} first: {reason_name(code)}; "
                "allow this user to subscribe to $SYS/broker/#",
            )

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._source.message(message)

    def _on_disconnect(
        self,
        _client: Client,
        _data: object,
        flags: DisconnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._told(code)
        if self._accepted and not self._stop.is_set():
            self._log.say(logging.WARNING, f"lost {self._broker}: {reason_name(code)}; trying again")

    def _grant(self, granted: dict[str, float]) -> None:
        with self._lock:
            self._granted = granted

"""The resident prober: comes in as a new client at every interval and has a message of each QoS returned to it.

Resident and not run by the scrape: docs/adr/0006-resident-mqtt-prober.md.
"""

from __future__ import annotations

import logging
import math
import threading
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from gridobs_exporters.changelog import ChangeLog
from gridobs_exporters.histogram import ROUNDTRIP_EDGES, Histogram
from gridobs_exporters.mqtt.target import Broker, acknowledge_at_once, reason_name
from gridobs_exporters.names import mqtt as names

if TYPE_CHECKING:
    from collections.abc import Callable

    from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.metric import Samples
    from gridobs_exporters.mqtt.reasons import Told

log = logging.getLogger(__name__)

QOS_LEVELS = (0, 1, 2)
_WAKE = 0.1  # seconds between looks at the deadline and the stop signal

Answer = str | int | bytes  # "connack", "suback", the id of a message that was acknowledged, a payload that came back


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSettings:
    """``interval`` and ``timeout`` in seconds; ``timeout`` bounds getting in, and then each round trip."""

    interval: float
    timeout: float
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundResult:
    """What a round found, seconds throughout. A QoS is in ``roundtrips`` or, with its reason, in ``problems``."""

    roundtrips: dict[int, float] = field(default_factory=dict)
    problems: dict[int, str] = field(default_factory=dict)
    phases: dict[str, float] = field(default_factory=dict)


class _StepError(Exception):
    """A step of the round did not happen; the text says which and why."""


class _Visit:
    """One client from CONNECT to DISCONNECT. What comes back is kept by what it answers, with its time.

    A fresh session and a payload used once make sure that nothing from another round can pass for an answer.
    """

    def __init__(
        self, broker: Broker, settings: ProbeSettings, *, clock: Clock, stopped: Callable[[], bool], told: Told
    ) -> None:
        self._broker = broker
        self._settings = settings
        self._clock = clock
        self._stopped = stopped
        self._told = told
        self._nonce = uuid.uuid4().hex
        self._arrived: dict[Answer, float] = {}
        self._refused: dict[Answer, str] = {}
        self._client = broker.new_client("probe", connect_timeout=settings.timeout)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message
        self._client.on_disconnect = self._on_disconnect

    def come_in(self, phases: dict[str, float]) -> None:
        """Connect and subscribe within the timeout; how long each phase took goes to ``phases``."""
        began = self._clock.monotonic()
        deadline = began + self._settings.timeout
        try:
            self._broker.connect(self._client, keepalive=max(1, math.ceil(2 * self._settings.timeout)))
        except OSError as error:
            raise _StepError(f"cannot connect: {error}") from error
        connected = self._clock.monotonic()
        phases["connect"] = connected - began
        phases["connack"] = self._await("connack", deadline) - connected
        asked = self._clock.monotonic()
        topics = [(f"{self._settings.topic}/{qos}", SubscribeOptions(qos=qos)) for qos in QOS_LEVELS]
        self._client.subscribe(topics)
        phases["suback"] = self._await("suback", deadline) - asked

    def send(self, qos: int, sequence: int, phases: dict[str, float]) -> float:
        """Publish to ourselves; seconds until the message was back."""
        payload = f"{self._nonce} {sequence} {qos}".encode()
        sent = self._clock.monotonic()
        deadline = sent + self._settings.timeout
        message_id = self._client.publish(f"{self._settings.topic}/{qos}", payload, qos=qos).mid
        roundtrip = self._await(payload, deadline, refusal=message_id) - sent
        if qos == 1:
            phases["deliver"] = roundtrip
            phases["puback"] = self._await(message_id, deadline) - sent
        return roundtrip

    def leave(self) -> None:
        """Say good-bye, and break the cycle that would keep the sockets until the garbage is collected."""
        client = self._client
        with suppress(OSError):
            client.disconnect()
        client.on_connect = client.on_subscribe = client.on_publish = client.on_message = client.on_disconnect = None

    def _await(self, answer: Answer, deadline: float, *, refusal: Answer | None = None) -> float:
        """When ``answer`` came; serves the connection until then."""
        what = answer if isinstance(answer, str) else "acknowledgement" if isinstance(answer, int) else "delivery"
        while (at := self._arrived.get(answer)) is None:
            if refused := self._refused.get(answer if refusal is None else refusal):
                raise _StepError(refused)
            left = deadline - self._clock.monotonic()
            if left <= 0:
                raise _StepError(f"no {what} within {self._settings.timeout:g} s")
            if self._stopped():
                raise _StepError("this process stops")
            acknowledge_at_once(self._client.socket())
            lost = self._client.loop(min(left, _WAKE)) != MQTTErrorCode.MQTT_ERR_SUCCESS
            if lost and answer not in self._arrived and answer not in self._refused:
                raise _StepError(f"connection lost before {what}")
        return at

    # --- what paho calls -------------------------------------------------------------------------------------------
    def _on_connect(
        self, _client: Client, _data: object, _flags: ConnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        self._told(code)
        if code.is_failure:
            self._refused["connack"] = f"connection refused: {reason_name(code)}"
        else:
            self._arrived["connack"] = self._clock.monotonic()

    def _on_subscribe(
        self, _client: Client, _data: object, _mid: int, codes: list[ReasonCode], _properties: Properties | None
    ) -> None:
        for code in codes:
            self._told(code)
        refused = [reason_name(code) for code in codes if code.is_failure]
        if refused:
            self._refused["suback"] = f"subscription refused: {refused[0]}"
        else:
            self._arrived["suback"] = self._clock.monotonic()

    def _on_publish(
        self, _client: Client, _data: object, message_id: int, code: ReasonCode, _properties: Properties | None
    ) -> None:
        self._told(code)
        if code.is_failure:
            self._refused[message_id] = f"publish refused: {reason_name(code)}"
        else:
            self._arrived[message_id] = self._clock.monotonic()

    def _on_disconnect(
        self, _client: Client, _data: object, flags: DisconnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._told(code)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._arrived.setdefault(bytes(message.payload), self._clock.monotonic())


class Prober:
    """Runs rounds from a thread of its own and keeps their counts.

    A round counts each QoS level exactly once, at its end and all levels at one moment; a broker that is down or
    refuses fails all three. Rounds never overlap: one that takes longer than the interval delays the next.
    """

    def __init__(self, broker: Broker, settings: ProbeSettings, *, clock: Clock, told: Told) -> None:
        self._broker = broker
        self._settings = settings
        self._clock = clock
        self._told = told
        self._lock = threading.Lock()
        self._attempts = dict.fromkeys(QOS_LEVELS, 0)
        self._failures = dict.fromkeys(QOS_LEVELS, 0)
        self._roundtrips = {qos: Histogram(ROUNDTRIP_EDGES) for qos in QOS_LEVELS}
        self._phases: dict[str, float] = {}
        self._last_success = 0.0
        self._log = ChangeLog(log)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt-probe", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=5 * _WAKE)

    def round(self, sequence: int) -> RoundResult:
        """One round with a client of its own. Never raises: what went wrong is in the result."""
        result = RoundResult()
        visit = _Visit(self._broker, self._settings, clock=self._clock, stopped=self._stop.is_set, told=self._told)
        try:
            visit.come_in(result.phases)
            for qos in QOS_LEVELS:
                try:
                    result.roundtrips[qos] = visit.send(qos, sequence, result.phases)
                except _StepError as problem:
                    result.problems[qos] = str(problem)
        except Exception as error:  # the prober must outlive whatever a peer sends
            log.debug("round with %s", self._broker, exc_info=True)
            text = str(error) if isinstance(error, _StepError) else f"the answer is not MQTT 5: {error!r}"
            rest = set(QOS_LEVELS).difference(result.roundtrips, result.problems)
            result.problems.update(dict.fromkeys(rest, text))
        finally:
            visit.leave()
        return result

    def record(self, result: RoundResult) -> None:
        with self._lock:
            for qos in QOS_LEVELS:
                self._attempts[qos] += 1
                if (seconds := result.roundtrips.get(qos)) is None:
                    self._failures[qos] += 1
                else:
                    self._roundtrips[qos].observe(seconds)
            self._phases = result.phases
            if not result.problems:
                self._last_success = self._clock.wall()
        if result.problems:
            by_text: dict[str, list[str]] = {}
            for qos, text in sorted(result.problems.items()):
                by_text.setdefault(text, []).append(str(qos))
            problems = "; ".join(f"QoS {', '.join(levels)}: {text}" for text, levels in by_text.items())
            self._log.say(logging.WARNING, f"probe of {self._broker} fails: {problems}")
        else:
            self._log.say(logging.INFO, f"probe of {self._broker} succeeds")

    def add_to(self, samples: Samples, broker: str) -> None:
        with self._lock:
            for qos in QOS_LEVELS:
                samples.add(names.PROBE_ATTEMPTS, self._attempts[qos], broker, str(qos))
                samples.add(names.PROBE_FAILURES, self._failures[qos], broker, str(qos))
                samples.add(names.PROBE_ROUNDTRIP, self._roundtrips[qos].cumulative(), broker, str(qos))
            samples.declare(names.PROBE_PHASE_DURATION)
            for phase, seconds in self._phases.items():
                samples.add(names.PROBE_PHASE_DURATION, seconds, broker, phase)
            samples.add(names.PROBE_LAST_SUCCESS, self._last_success, broker)

    def _run(self) -> None:
        sequence = 0
        while not self._stop.is_set():
            began = self._clock.monotonic()
            sequence += 1
            result = self.round(sequence)
            if self._stop.is_set():
                return
            self.record(result)
            self._stop.wait(max(0.0, began + self._settings.interval - self._clock.monotonic()))

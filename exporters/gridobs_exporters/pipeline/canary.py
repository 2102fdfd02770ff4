"""The canary: a record of a meter that does not exist, published as any other, and watched for in the store.

It fails when the broker, the processor or the disk does, also where none of them can say so any more.
"""

from __future__ import annotations

import logging
import math
import sqlite3
import threading
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gridobs_exporters.changelog import ChangeLog
from gridobs_exporters.histogram import ROUNDTRIP_EDGES, Histogram
from gridobs_exporters.mqtt.target import acknowledge_at_once, reason_name
from gridobs_exporters.names import pipeline as names
from gridobs_exporters.pipeline.background import Periodic
from gridobs_exporters.pipeline.record import encode
from gridobs_exporters.pipeline.store import StoreChangedError, error_name

if TYPE_CHECKING:
    from paho.mqtt.client import Client, ConnectFlags
    from paho.mqtt.reasoncodes import ReasonCode

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.metric import Samples
    from gridobs_exporters.mqtt.target import Broker
    from gridobs_exporters.pipeline.store import Store

log = logging.getLogger(__name__)

METER = "gridobs-canary"  # reserved: it stands in no sum of business figures
CANARY_EDGES = (*ROUNDTRIP_EDGES, 5.0, 10.0, 30.0, 60.0)
STORED = "SELECT 1 FROM readings WHERE meter = ? AND seq = ?"
_NO_SUBSCRIBERS = 0x10  # MQTT 5, 3.4.2.1
_WAKE = 0.1  # seconds between looks at the deadline and the stop signal
_REOPEN = 1.0  # seconds after which the store is opened anew, in case another took its place
# Until so many seconds after publishing, the store is looked at every so many: the first bounds the error of a fast
# answer to 2 ms, the last the cost of waiting for one that does not come.
_LOOKS = ((0.1, 0.002), (1.0, 0.01), (math.inf, 0.05))


class Failure(StrEnum):
    """Why a canary was not seen."""

    BROKER = "broker"  # it does not let us in, or does not acknowledge the record
    UNROUTED = "unrouted"  # the broker has nobody to give the record to
    STORE = "store"  # the store cannot be read
    MISSING = "missing"  # the broker has taken the record, and it is not in the store in time


@dataclass(frozen=True, slots=True, kw_only=True)
class CanarySettings:
    """``interval`` and ``timeout``, the time from publishing within which the record must be there, in seconds."""

    broker: Broker
    topic: str
    meter: str
    interval: float
    timeout: float


class CanaryError(Exception):
    """A round did not succeed."""

    def __init__(self, failure: Failure, text: str) -> None:
        self.failure = failure
        super().__init__(text)


class Canary:
    """Sends one record at every interval. A round counts once, at its end."""

    def __init__(self, store: Store, settings: CanarySettings, *, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._attempts = 0
        self._failures = dict.fromkeys(Failure, 0)
        self._latency = Histogram(CANARY_EDGES)
        self._last_success = 0.0
        self._log = ChangeLog(log)
        self._periodic = Periodic("pipeline-canary", self._round, interval=settings.interval, clock=clock)

    def start(self) -> None:
        self._periodic.start()

    def stop(self) -> None:
        self._periodic.stop()

    def send(self) -> float:
        """One round; seconds from publishing to the look at the store that found the record.

        They are those of our own monotonic clock: ``stored_at`` is taken before the commit, so it would flatter.

        Raises:
            CanaryError: If it was not seen.
        """
        flight = _Flight(self._store, self._settings, clock=self._clock, stopped=self._periodic.stopped)
        try:
            flight.come_in()
            return flight.publish()
        finally:
            flight.leave()

    def add_to(self, samples: Samples, store: str) -> None:
        with self._lock:
            samples.add(names.CANARY_ATTEMPTS, self._attempts, store)
            for failure, times in self._failures.items():
                samples.add(names.CANARY_FAILURES, times, store, failure.value)
            samples.add(names.CANARY, self._latency.cumulative(), store)
            samples.add(names.CANARY_LAST_SUCCESS, self._last_success, store)

    def _round(self) -> bool:
        failure: CanaryError | None = None
        seconds = 0.0
        try:
            seconds = self.send()
        except CanaryError as error:
            failure = error
        except Exception as error:  # the canary must outlive whatever a peer sends
            log.debug("canary for %s", self._store, exc_info=True)
            failure = CanaryError(Failure.BROKER, f"the answer is not MQTT 5: {error!r}")
        if self._periodic.stopped.is_set():
            return True
        with self._lock:
            self._attempts += 1
            if failure:
                self._failures[failure.failure] += 1
            else:
                self._latency.observe(seconds)
                self._last_success = self._clock.wall()
        if failure:
            self._log.say(logging.WARNING, f"the canary for {self._store} fails: {failure}")
        else:
            self._log.say(logging.INFO, f"the canary for {self._store} arrives")
        return True


class _Flight:
    """One client from CONNECT to DISCONNECT, and one record."""

    def __init__(self, store: Store, settings: CanarySettings, *, clock: Clock, stopped: threading.Event) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._stopped = stopped
        self._let_in = self._acknowledged = self._lost = False
        self._refused: CanaryError | None = None
        self._client = settings.broker.new_client("canary", connect_timeout=settings.timeout)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish

    def come_in(self) -> None:
        """Connect within the timeout."""
        began = self._clock.monotonic()
        try:
            self._settings.broker.connect(self._client, keepalive=math.ceil(self._settings.timeout) + 5)
        except OSError as error:
            raise CanaryError(Failure.BROKER, f"cannot connect: {error}") from error
        while not self._let_in:
            self._turn(_WAKE)
            if not self._let_in and self._since(began) > self._settings.timeout:
                raise CanaryError(Failure.BROKER, f"no connack within {self._settings.timeout:g} s")

    def publish(self) -> float:
        """Seconds from publishing the record to seeing it in the store."""
        now = self._clock.wall()
        meter, seq = self._settings.meter, int(now * 1000)
        # No current, power or energy: even a sum that forgets to leave it out stays right.
        payload = encode((meter, meter, seq, round(now, 3), 230.0, 0.0, 0.0, 0.0))
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        # Canaries of an outage do not pile up in the broker: nobody waits for them any more.
        properties.MessageExpiryInterval = math.ceil(self._settings.timeout)
        sent = self._clock.monotonic()
        self._client.publish(self._settings.topic, payload, qos=1, properties=properties)
        unreadable: sqlite3.Error | None = None
        while self._since(sent) < self._settings.timeout:
            try:
                with self._store.reading() as connection:
                    seconds = self._watch(connection, (meter, seq), sent)
            except StoreChangedError:
                continue
            except sqlite3.Error as error:
                unreadable = error
                self._turn(_WAKE)
            else:
                unreadable = None
                if seconds is not None:
                    return seconds
        within = f"within {self._settings.timeout:g} s"
        if not self._acknowledged:
            raise CanaryError(Failure.BROKER, f"no puback {within}")
        if unreadable:
            raise CanaryError(Failure.STORE, f"cannot read the store: {unreadable} ({error_name(unreadable)})")
        raise CanaryError(Failure.MISSING, f"the broker took the record and it is not in the store {within}")

    def leave(self) -> None:
        """Say good-bye, and break the cycle that would keep the sockets until the garbage is collected."""
        with suppress(OSError):
            self._client.disconnect()
        self._client.on_connect = self._client.on_publish = None

    def _watch(self, connection: sqlite3.Connection, key: tuple[str, int], sent: float) -> float | None:
        """When the record was there, in seconds since ``sent``; None after a while or when the time is up."""
        opened = self._since(sent)
        stay = 0.0 if self._store.is_idle else _REOPEN
        while True:
            found = connection.execute(STORED, key).fetchone()
            seconds = self._since(sent)
            if found:
                return seconds
            self._turn(next(pause for until, pause in _LOOKS if seconds < until))
            if seconds - opened >= stay or seconds >= self._settings.timeout:
                return None

    def _turn(self, seconds: float) -> None:
        """Serve the connection for so long, or until something came.

        Raises:
            CanaryError: If the record cannot arrive any more.
        """
        if self._lost:
            self._stopped.wait(seconds)
        else:
            acknowledge_at_once(self._client.socket())
            self._lost = self._client.loop(seconds) != MQTTErrorCode.MQTT_ERR_SUCCESS
        if self._stopped.is_set():
            raise CanaryError(Failure.BROKER, "this process stops")
        if self._refused:
            raise self._refused
        if self._lost and not self._acknowledged:
            raise CanaryError(Failure.BROKER, f"connection lost before {'puback' if self._let_in else 'connack'}")

    def _since(self, began: float) -> float:
        return self._clock.monotonic() - began

    # --- what paho calls -------------------------------------------------------------------------------------------
    def _on_connect(
        self, _client: Client, _data: object, _flags: ConnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if code.is_failure:
            self._refused = CanaryError(Failure.BROKER, f"connection refused: {reason_name(code)}")
        else:
            self._let_in = True

    def _on_publish(
        self, _client: Client, _data: object, _message_id: int, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if code.value == _NO_SUBSCRIBERS:
            self._refused = CanaryError(Failure.UNROUTED, f"nobody subscribes to {self._settings.topic}")
        elif code.is_failure:
            self._refused = CanaryError(Failure.BROKER, f"publish refused: {reason_name(code)}")
        else:
            self._acknowledged = True

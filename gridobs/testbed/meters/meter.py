"""One meter: it measures on schedule, has one reading in flight, and keeps only the newest of those that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from gridobs.testbed.reading import Reading, encode

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from paho.mqtt.reasoncodes import ReasonCode

METERS_PER_FEEDER = 100
_KEEPALIVE_SECONDS = 60
_NO_MATCHING_SUBSCRIBERS = 0x10


class Load:
    """A household's load: a random walk of the current around a level, and the register it drives."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._level = rng.uniform(1.0, 30.0)
        self._current = self._level
        self._energy = rng.uniform(100.0, 50_000.0)
        self._last: float | None = None

    def measure(self, meter: str, feeder: str, seq: int, now: float) -> Reading:
        """The reading at ``now``, Unix seconds."""
        self._current = max(0.0, self._current + 0.1 * (self._level - self._current) + self._rng.gauss(0, 0.3))
        voltage = round(230.0 + self._rng.gauss(0, 1.5), 2)
        current = round(self._current, 3)
        power = round(voltage * current * self._rng.uniform(0.92, 0.99), 1)
        self._energy += power * (now - (self._last or now)) / 3.6e6
        self._last = now
        return Reading(meter, feeder, seq, round(now, 3), voltage, current, power, round(self._energy, 4))


class Meter:
    """A client of its own on an event loop it does not own.

    Live telemetry is worth its newest value: while the broker is away a new reading replaces the one that waits. One
    that is in flight stays in flight; the client sends it again on the next connection.
    """

    def __init__(
        self,
        number: int,
        *,
        rng: random.Random,
        on_open: Callable[[Meter, int], None],
        on_close: Callable[[Meter, int], None],
        on_acknowledged: Callable[[str, int], None],
        on_unrouted: Callable[[], None],
        on_refused: Callable[[str], None],
    ) -> None:
        """Make a meter; it connects when told to.

        Args:
            number: counts from 0.
            rng: its load's randomness.
            on_open: told the file descriptor of each new connection.
            on_close: told it again before it is closed.
            on_acknowledged: told ``(meter, seq)`` once the broker has it for a subscriber.
            on_unrouted: told when the broker had nobody to give a reading to.
            on_refused: told why the broker refuses the connection.
        """
        self.name = f"meter-{number:05d}"
        self.feeder = f"feeder-{number // METERS_PER_FEEDER:02d}"
        self.connected = False
        self.delay = 0.0
        self._load = Load(rng)
        self._seq = 0
        self._waiting: Reading | None = None
        self._in_flight: int | None = None
        self._on_acknowledged, self._on_unrouted, self._on_refused = on_acknowledged, on_unrouted, on_refused
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self.name, protocol=mqtt.MQTTv5)
        self.client.on_socket_open = lambda _client, _userdata, sock: on_open(self, sock.fileno())
        self.client.on_socket_close = lambda _client, _userdata, sock: on_close(self, sock.fileno())
        self.client.on_connect = self._connected
        self.client.on_disconnect = self._disconnected
        self.client.on_publish = self._published

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is in flight."""
        return self._waiting is None and self._in_flight is None

    def measure(self, now: float) -> bool:
        """Take a reading; whether it replaced one that had not been sent."""
        self._seq += 1
        superseded = self._waiting is not None
        self._waiting = self._load.measure(self.name, self.feeder, self._seq, now)
        return superseded

    def send(self, spoil: Callable[[bytes], bytes]) -> bool:
        """Send the waiting reading if the line is free; whether it did.

        Args:
            spoil: what happens to the payload on its way out; the identity, unless data are being corrupted.
        """
        if self._waiting is None or self._in_flight is not None or not self.connected:
            return False
        reading, self._waiting = self._waiting, None
        self._in_flight = reading.seq
        self.client.publish(reading.topic, spoil(encode(reading)), qos=1)
        return True

    def connect(self, host: str, port: int) -> None:
        """Open a connection.

        Raises:
            OSError: nobody listens there.
        """
        self.client.connect(host, port, keepalive=_KEEPALIVE_SECONDS)

    def _connected(
        self, _client: mqtt.Client, _userdata: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        self.connected = not reason.is_failure
        if reason.is_failure:
            self._on_refused(str(reason))
        else:
            self.delay = 0.0

    def _disconnected(self, *_: object) -> None:
        self.connected = False

    def _published(
        self, _client: mqtt.Client, _userdata: object, _mid: int, reason: ReasonCode, _properties: object
    ) -> None:
        seq, self._in_flight = self._in_flight, None
        if reason.value == _NO_MATCHING_SUBSCRIBERS or reason.is_failure:
            self._on_unrouted()
        elif seq is not None:
            self._on_acknowledged(self.name, seq)


def corrupt(payload: bytes) -> bytes:
    """A flipped digit in the voltage, as a bad line makes it; the checksum stays that of the true value."""
    at = payload.index(b'"voltage":') + len(b'"voltage":')
    digit = payload[at : at + 1]
    return payload[:at] + (b"1" if digit != b"1" else b"2") + payload[at + 1 :]

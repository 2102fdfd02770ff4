"""All meters on one event loop, at a steady rate in total."""

from __future__ import annotations

import logging
import random
import selectors
import time
from collections import deque
from typing import TYPE_CHECKING

from gridobs.testbed.meters.ledger import Ledger, Tally
from gridobs.testbed.meters.meter import Meter, corrupt

if TYPE_CHECKING:
    import threading

_LOG = logging.getLogger(__name__)

_CONNECTS_A_TURN = 5
_RECONNECT_SECONDS = (0.5, 4.0)
_RATE_OVER = 5
_DRAIN_SECONDS = 10.0
CORRUPTED_SHARE = 0.8


class Fleet:
    """Meters publishing ``rate`` readings a second in total, evenly spread, and their ledger."""

    def __init__(self, *, meters: int, rate: float, host: str, port: int, ledger: Ledger, seed: int) -> None:
        self._host, self._port, self._rate, self._ledger = host, port, rate, ledger
        self._rng = random.Random(seed)  # noqa: S311 - loads, not secrets
        self._selector = selectors.DefaultSelector()
        self._acknowledged: list[tuple[str, int]] = []
        self._counts = dict.fromkeys(("measured", "sent", "acknowledged", "unrouted", "superseded", "corrupted"), 0)
        self._recent: deque[tuple[float, int]] = deque([(time.monotonic(), 0)], maxlen=_RATE_OVER + 1)
        self._complaint = ""
        self.corrupting = False
        self._meters = [
            Meter(
                number,
                rng=random.Random(self._rng.random()),  # noqa: S311 - as above
                on_open=self._opened,
                on_close=self._closed,
                on_acknowledged=self._on_acknowledged,
                on_unrouted=lambda: self._count("unrouted"),
                on_refused=lambda reason: self._complain(f"refuses the connection: {reason}"),
            )
            for number in range(meters)
        ]
        self._next_try: dict[Meter, float] = dict.fromkeys(self._meters, 0.0)

    def run(self, stop: threading.Event) -> None:
        """Publish until ``stop`` is set; then wait for what is in flight, write the ledger, disconnect."""
        began = next_second = time.monotonic()
        due = 0
        while not stop.is_set():
            now = time.monotonic()
            while began + due / self._rate <= now:
                self._publish(self._meters[due % len(self._meters)])
                due += 1
            self._turn(min(began + due / self._rate, next_second) - time.monotonic())
            if time.monotonic() >= next_second:
                next_second += 1.0
                self._each_second()
        until = time.monotonic() + _DRAIN_SECONDS
        while time.monotonic() < until and not all(meter.idle or not meter.connected for meter in self._meters):
            for meter in self._meters:
                self._send(meter)
            self._turn(0.01)
        self._each_second()
        for meter in self._meters:
            meter.client.disconnect()

    def _publish(self, meter: Meter) -> None:
        self._count("measured")
        if meter.measure(time.time()):
            self._count("superseded")
        self._send(meter)

    def _send(self, meter: Meter) -> None:
        corrupting = self.corrupting and self._rng.random() < CORRUPTED_SHARE
        if meter.send(corrupt if corrupting else bytes):
            self._count("sent")
            self._counts["corrupted"] += corrupting

    def _turn(self, wait: float) -> None:
        for key, _ in self._selector.select(max(0.0, wait)):
            meter: Meter = key.data
            meter.client.loop_read()
            if meter.client.want_write():
                meter.client.loop_write()
            self._send(meter)
        self._connect_some()

    def _connect_some(self) -> None:
        now = time.monotonic()
        waiting = [meter for meter, at in self._next_try.items() if at <= now][:_CONNECTS_A_TURN]
        for meter in waiting:
            meter.delay = min(max(meter.delay * 2, _RECONNECT_SECONDS[0]), _RECONNECT_SECONDS[1])
            self._next_try[meter] = now + meter.delay * self._rng.uniform(0.5, 1.5)
            try:
                meter.connect(self._host, self._port)
            except OSError as error:
                self._complain(f"cannot be reached: {error}")
            else:
                del self._next_try[meter]

    def _opened(self, meter: Meter, descriptor: int) -> None:
        self._selector.register(descriptor, selectors.EVENT_READ, meter)

    def _closed(self, meter: Meter, descriptor: int) -> None:
        self._selector.unregister(descriptor)
        self._next_try[meter] = time.monotonic() + max(meter.delay, _RECONNECT_SECONDS[0]) * self._rng.uniform(
            0.5, 1.5
        )

    def _each_second(self) -> None:
        for meter in self._meters:
            if meter.client.socket() is not None:
                meter.client.loop_misc()
                if meter.client.want_write():
                    meter.client.loop_write()
        self._recent.append((time.monotonic(), self._counts["acknowledged"]))
        (since, before), (now, after) = self._recent[0], self._recent[-1]
        rate = (after - before) / (now - since)
        connected = sum(meter.connected for meter in self._meters)
        self._ledger.write(self._acknowledged, Tally(connected=connected, rate=rate, **self._counts))
        self._acknowledged.clear()

    def _complain(self, text: str) -> None:
        if text != self._complaint:
            _LOG.error("the broker at %s:%d %s; trying again", self._host, self._port, text)
        self._complaint = text

    def _on_acknowledged(self, meter: str, seq: int) -> None:
        self._count("acknowledged")
        self._acknowledged.append((meter, seq))

    def _count(self, name: str) -> None:
        self._counts[name] += 1

"""The ``mqtt`` collector: the monitor and the prober of each broker, read together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gridobs_exporters.metric import Samples
from gridobs_exporters.mqtt.monitor import Monitor
from gridobs_exporters.mqtt.probe import Prober, ProbeSettings
from gridobs_exporters.mqtt.refusals import Refusals
from gridobs_exporters.names import mqtt as names
from gridobs_exporters.scrape import Collector, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.mqtt.target import Broker


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttSettings:
    """One broker. ``name`` is its label, ``sys_interval`` its own, in seconds."""

    name: str
    broker: Broker
    sys_interval: float
    probe: ProbeSettings


class MqttCollector(Collector):
    """Reads what the threads know; a scrape never waits for a broker."""

    name = "mqtt"
    up = names.UP

    def __init__(self, brokers: Sequence[MqttSettings], *, clock: Clock) -> None:
        self.targets = tuple(settings.name for settings in brokers)
        self._watches = {settings.name: _Watch(settings, clock=clock) for settings in brokers}

    def start(self) -> None:
        for watch in self._watches.values():
            watch.start()

    def stop(self) -> None:
        for watch in self._watches.values():
            watch.stop()

    def collect(self) -> Reading:
        samples = Samples()
        up = {name: watch.add_to(samples, name) for name, watch in self._watches.items()}
        return Reading(up=up, complete=all(up.values()), samples=samples)


class _Watch:
    """What is resident for one broker."""

    def __init__(self, settings: MqttSettings, *, clock: Clock) -> None:
        self._refusals = Refusals()
        self._monitor = Monitor(
            settings.broker,
            sys_interval=settings.sys_interval,
            clock=clock,
            refused=partial(self._refusals.count, "monitor"),
        )
        self._prober = Prober(
            settings.broker, settings.probe, clock=clock, refused=partial(self._refusals.count, "probe")
        )

    def start(self) -> None:
        self._monitor.start()
        self._prober.start()

    def stop(self) -> None:
        self._monitor.stop()
        self._prober.stop()

    def add_to(self, samples: Samples, broker: str) -> bool:
        """Add what is known of the broker; whether it is up."""
        facts = self._monitor.facts()
        samples.add(names.LAST_HEARTBEAT, self._monitor.last_heartbeat, broker)
        self._refusals.add_to(samples, broker)
        samples.declare(names.UNPARSEABLE)
        for topic, times in sorted(self._monitor.unparseable().items()):
            samples.add(names.UNPARSEABLE, times, broker, topic)
        self._prober.add_to(samples, broker)
        if facts:
            facts.add_to(samples, broker)
        return facts is not None

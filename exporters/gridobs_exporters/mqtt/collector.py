"""The ``mqtt`` collector: the monitor and the prober of each broker, read together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gridobs_exporters.metric import Samples
from gridobs_exporters.mqtt.monitor import Monitor
from gridobs_exporters.mqtt.probe import Prober, ProbeSettings
from gridobs_exporters.mqtt.reasons import Reasons
from gridobs_exporters.mqtt.stats_page import StatsPage, StatsSettings
from gridobs_exporters.mqtt.system_topics import SystemTopics
from gridobs_exporters.names import mqtt as names
from gridobs_exporters.scrape import Collector, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.mqtt.source import Source
    from gridobs_exporters.mqtt.target import Broker


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttSettings:
    """One broker. ``name`` is its label, ``sys_interval`` its own, in seconds; ``stats`` replace its ``$SYS``."""

    name: str
    broker: Broker
    sys_interval: float
    probe: ProbeSettings
    stats: StatsSettings | None = None


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
        self._reasons = Reasons()
        broker, stats = settings.broker, settings.stats
        self._source: Source
        if stats is None:
            self._source = SystemTopics(broker, sys_interval=settings.sys_interval, clock=clock)
        else:
            self._source = StatsPage(stats, name=settings.name, clock=clock)
        self._monitor = Monitor(
            broker,
            self._source,
            interval=stats.interval if stats else settings.sys_interval,
            clock=clock,
            told=partial(self._reasons.count, "monitor"),
        )
        self._prober = Prober(broker, settings.probe, clock=clock, told=partial(self._reasons.count, "probe"))

    def start(self) -> None:
        self._source.start()
        self._monitor.start()
        self._prober.start()

    def stop(self) -> None:
        self._monitor.stop()
        self._source.stop()
        self._prober.stop()

    def add_to(self, samples: Samples, broker: str) -> bool:
        """Add what is known of the broker; whether it is up."""
        self._monitor.add_to(samples, broker)
        self._reasons.add_to(samples, broker)
        self._prober.add_to(samples, broker)
        return self._source.add_to(samples, broker)

"""The ``mqtt`` collector: the monitor and the prober of one broker, read together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from gridobs_exporters import names
from gridobs_exporters.mqtt.monitor import Monitor
from gridobs_exporters.mqtt.probe import Prober, ProbeSettings
from gridobs_exporters.mqtt.refusals import Refusals
from gridobs_exporters.scrape import Reading

if TYPE_CHECKING:
    from gridobs_exporters.clock import Clock
    from gridobs_exporters.mqtt.target import Broker


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttSettings:
    """``sys_interval`` is the broker's, in seconds."""

    broker: Broker
    sys_interval: float
    probe: ProbeSettings


class MqttCollector:
    """Reads what its two threads know; a scrape never waits for the broker."""

    name = "mqtt"
    up_help = "Whether the broker let the exporter in and its heartbeat is no older than 3 $SYS intervals."

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

    def collect(self) -> Reading:
        facts = self._monitor.facts()
        unparseable = CounterMetricFamily(
            names.MQTT_UNPARSEABLE, "$SYS payloads that are not what Mosquitto sends.", labels=["topic"]
        )
        for topic, times in sorted(self._monitor.unparseable().items()):
            unparseable.add_metric([topic], times)
        heartbeat = GaugeMetricFamily(
            names.MQTT_LAST_HEARTBEAT,
            "When the broker last sent $SYS/broker/uptime; 0 is never.",
            value=self._monitor.last_heartbeat,
        )
        families = [heartbeat, *self._refusals.families(), unparseable, *self._prober.families()]
        if facts:
            families += facts.families()
        return Reading(up=facts is not None, complete=facts is not None, families=families)

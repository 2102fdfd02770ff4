"""What each kind of broker is exposed as, from its own figures in the form it sends them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.clock import Clock
from gridobs_exporters.fetch import Fetcher
from gridobs_exporters.metric import Samples
from gridobs_exporters.mqtt.kind import TABLES
from gridobs_exporters.mqtt.monitor import Monitor
from gridobs_exporters.mqtt.probe import Prober, ProbeSettings
from gridobs_exporters.mqtt.reasons import Reasons
from gridobs_exporters.mqtt.stats_page import StatsPage, StatsSettings
from gridobs_exporters.mqtt.system_topics import SystemTopics
from gridobs_exporters.mqtt.target import Broker
from paho.mqtt.client import MQTTMessage
from prometheus_client import CollectorRegistry, generate_latest

from tests.unit.exporters.conftest import promtool as promtool  # noqa: PLC0414 - a fixture is used by its name
from tests.unit.exporters.mqtt import standin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gridobs_exporters.mqtt.source import Source
    from prometheus_client.core import Metric

GOLDEN = Path(__file__).parent / "exporters"
CLOCK = Clock(wall=lambda: 1_700_000_000.0, monotonic=lambda: 0.0)
BROKER = Broker(host="broker", port=1883)
PAGES = ("emqx", "emqx-cluster", "nanomq", "vernemq", "hivemq")


def exposition(source: Source) -> str:
    """Of a broker whose figures ``source`` has read and whom nobody has probed."""
    samples = Samples()
    told = Reasons()
    Monitor(BROKER, source, interval=10, clock=CLOCK, told=lambda _: None).add_to(samples, "main")
    told.add_to(samples, "main")
    probe = ProbeSettings(interval=15, timeout=2, topic="gridobs/probe/node")
    Prober(BROKER, probe, clock=CLOCK, told=lambda _: None).add_to(samples, "main")
    assert source.add_to(samples, "main")

    class Scraped:
        def collect(self) -> Iterable[Metric]:
            return samples.families()[0]

    registry = CollectorRegistry()
    registry.register(Scraped())
    return generate_latest(registry).decode()


def mosquitto() -> Source:
    source = SystemTopics(BROKER, sys_interval=10, clock=CLOCK)
    source.connected()
    for line in (standin.FIXTURES / "mosquitto.txt").read_text().splitlines():
        if not line.startswith("#"):
            topic, _, payload = line.partition("\t")
            message = MQTTMessage(topic=f"$SYS/broker/{topic}".encode())
            message.payload = payload.encode()
            source.message(message)
    return source


def page(fixture: str) -> Source:
    table = TABLES[fixture.partition("-")[0]]
    with standin.page(fixture) as served:
        settings = StatsSettings(table=table, fetcher=Fetcher(served.url), path="/", interval=15)
        source = StatsPage(settings, name="main", clock=CLOCK)
        source.connected()
        source.read_once()
    return source


@pytest.mark.parametrize("kind", ["mosquitto", *PAGES])
def test_each_kind_of_broker_is_exposed_as_before_and_promtool_has_nothing_to_say(
    kind: str, matches_golden: Callable[[Path, str], None], promtool: str
) -> None:
    text = exposition(mosquitto() if kind == "mosquitto" else page(kind))
    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    matches_golden(GOLDEN / f"mqtt-{kind}.prom", text)

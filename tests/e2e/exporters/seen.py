"""What the tests of the mqtt collector look for in an exposition; the broker is called main."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.exporters.conftest import Exporter, Mosquitto

QUICK = ("--mqtt.sys-interval=2s", "--mqtt.probe-interval=300ms", "--mqtt.probe-timeout=2s")
FROM_SYS = (
    "gridobs_mqtt_broker_info",
    "gridobs_mqtt_broker_uptime",
    "gridobs_mqtt_messages_",
    "gridobs_mqtt_publish_",
    "gridobs_mqtt_clients_",
    "gridobs_mqtt_stored_",
)
CAPABILITY = "gridobs_mqtt_broker_capability"
UP = 'gridobs_mqtt_up{broker="main"}'
CONNECTED = 'gridobs_mqtt_connected{broker="main"}'
ATTEMPTS = "gridobs_mqtt_probe_attempts_total"
FAILURES = "gridobs_mqtt_probe_failures_total"
ROUNDTRIPS = "gridobs_mqtt_probe_roundtrip_seconds_count"
HEARTBEAT = 'gridobs_mqtt_last_heartbeat_timestamp_seconds{broker="main"}'
SUCCESS = 'gridobs_exporter_collector_success{collector="mqtt"}'
NOT_AUTHORIZED = "0x87 Not authorized"


def flags_of(broker: Mosquitto) -> tuple[str, ...]:
    """To watch ``broker`` at a pace for tests."""
    return (f"--mqtt.broker=mqtt://127.0.0.1:{broker.port}", "--mqtt.broker-name=main", *QUICK)


def from_sys(samples: dict[str, float]) -> list[str]:
    return [name for name in samples if name.startswith(FROM_SYS)]


def by_qos(exporter: Exporter, name: str) -> list[float]:
    samples = exporter.scrape()
    return [samples[f'{name}{{broker="main",qos="{qos}"}}'] for qos in (0, 1, 2)]


def is_up(exporter: Exporter) -> bool:
    return exporter.scrape()[UP] == 1


def refusals(packet: str, client: str) -> str:
    labels = f'broker="main",client="{client}",packet="{packet}",reason="{NOT_AUTHORIZED}"'
    return f"gridobs_mqtt_reason_codes_total{{{labels}}}"

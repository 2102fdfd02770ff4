"""Flags: which collectors they turn on, and what each wrong one is told."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.collectors import KINDS
from gridobs_exporters.config.document import ConfigError
from gridobs_exporters.config.section import Section
from gridobs_exporters.durations import parse_duration
from gridobs_exporters.flags import Settings, parse
from gridobs_exporters.mqtt import kind as mqtt
from gridobs_exporters.pipeline import kind as pipeline
from gridobs_exporters.pipeline.accuracy import AccuracySettings
from gridobs_exporters.pipeline.integrity import CheckSettings

if TYPE_CHECKING:
    from pathlib import Path

BROKER = "--mqtt.broker=mqtt://broker:1883"
STORE = "--pipeline.store=/var/lib/power/store.db"


def parsed(*flags: str) -> Settings:
    return parse(flags, version="0", kinds=KINDS)


@pytest.mark.parametrize(
    ("flags", "on"),
    [
        ([BROKER], {"mqtt"}),
        ([STORE], {"pipeline"}),
        ([BROKER, STORE], {"mqtt", "pipeline"}),
        ([BROKER, STORE, "--no-collector.mqtt"], {"pipeline"}),
        ([BROKER, STORE, "--collector.disable-defaults", "--collector.mqtt"], {"mqtt"}),
    ],
)
def test_a_collector_is_on_when_it_has_a_target_unless_told_otherwise(flags: list[str], on: set[str]) -> None:
    assert set(parsed(*flags).collectors) == on


def test_defaults_are_those_of_the_manual() -> None:
    settings = parsed(BROKER, STORE)
    broker = mqtt.read_broker(Section({"url": "mqtt://broker"}))
    store = pipeline.read_store_settings(Section({"path": "/var/lib/power/store.db"}))

    assert (settings.host, settings.port, settings.metrics_path) == ("127.0.0.1", 9817, "/metrics")
    assert (broker.name, broker.sys_interval) == ("broker:1883", 10)
    assert (broker.probe.interval, broker.probe.timeout) == (15, 2)
    assert broker.probe.topic == f"gridobs/probe/{socket.gethostname()}"
    assert (store.name, store.check, store.canary) == ("store", CheckSettings(interval=3600, timeout=600), None)
    assert store.accuracy == AccuracySettings(interval=60, samples=100)


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (
            [],
            "no collector is on; give --config.file, or one of --collector.k3s, --collector.wasmedge, --mqtt",
        ),
        ([STORE, "--collector.disable-defaults"], "no collector is on"),
        (["--collector.pipeline"], "--collector.pipeline: lacks 'stores': the stores; --pipeline.store PATH names"),
        (["--collector.mqtt"], "--collector.mqtt: lacks 'brokers': the brokers; --mqtt.broker URL names the only"),
        (["--mqtt.broker=broker:1883"], "'broker:1883' is not a broker's address; write mqtt://HOST:1883"),
        (["--mqtt.broker=mqtt://broker:99999"], "Port out of range"),
        (["--mqtt.broker=mqtt://user:secret@broker"], "use username and password_file"),
        (
            [BROKER, "--mqtt.probe-interval=15"],
            "--mqtt.probe-interval: '15' will not do: from one round trip to the next; write e.g. 15s",
        ),
        ([BROKER, "--mqtt.sys-interval=0s"], "--mqtt.sys-interval: must be longer than 0"),
        (
            [BROKER, "--mqtt.probe-topic=a/#"],
            "--mqtt.probe-topic: 'a/#' will not do: a topic to publish to: without + and #",
        ),
        ([BROKER, "--mqtt.ca-file=ca.pem"], "of no use without TLS; write the url as mqtts://"),
        (
            ["--mqtt.broker=mqtts://broker", "--mqtt.ca-file=/none.pem"],
            "--mqtt.ca-file: cannot use /none.pem: No such",
        ),
        (
            ["--mqtt.broker=mqtts://broker", "--mqtt.key-file=k"],
            "--mqtt.key-file: a key needs its certificate; give cert_file too",
        ),
        ([BROKER, "--mqtt.username=u", "--mqtt.password-file=/none"], "cannot read /none: No such file or directory"),
        ([STORE, "--web.listen-address=9817"], "'9817' is not HOST:PORT; write e.g. 127.0.0.1:9817"),
        ([STORE, "--web.listen-address=:70000"], "':70000' is not HOST:PORT"),
        ([STORE, "--web.telemetry-path=metrics"], "'metrics' is not a path; write e.g. /metrics"),
        ([STORE, "--log.level=loud"], "--log.level"),
        ([STORE, "--colector.mqtt"], "unrecognized arguments: --colector.mqtt; see gridobs-exporter --help"),
    ],
)
def test_a_flag_that_cannot_work_is_one_line_with_its_cure(flags: list[str], problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parsed(*flags)

    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_the_password_is_the_file_without_its_line_end_and_is_never_shown(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(" open sesame \n")
    settings = mqtt.read_broker(Section({"url": "mqtt://a", "username": "u", "password_file": str(secret)}))

    assert settings.broker.password == secret.read_text().rstrip("\n")
    assert "sesame" not in repr(settings)


def test_addresses_of_ipv6_are_taken() -> None:
    settings = parsed("--mqtt.broker=mqtts://[::1]", "--web.listen-address=[::]:1")

    assert (settings.host, settings.port) == ("::", 1)
    assert str(mqtt.read_broker(Section({"url": "mqtts://[::1]"})).broker) == "mqtts://[::1]:8883"


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("10s", 10), ("1h30m", 5400), ("1d", 86400), ("0", 0), ("0s", 0)]
)
def test_durations_are_written_as_prometheus_writes_them(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "s", "-1s", "1.5s", "10 s", "1y", "\u0661s"])
def test_what_is_not_a_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)

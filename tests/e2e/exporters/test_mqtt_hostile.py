"""The mqtt collector against brokers that die, restart, refuse, and listeners that are no broker."""

from __future__ import annotations

import signal
import socketserver
import subprocess
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from tests.e2e.exporters.seen import (
    CAPABILITY,
    CONNECTED,
    FAILURES,
    QUICK,
    ROUNDTRIPS,
    UP,
    by_qos,
    from_sys,
    is_up,
    refusals,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.exporters.conftest import Exporter, Mosquitto, Start, Until


@pytest.fixture(name="listener")
def listener_fixture() -> Iterator[Callable[[bytes], int]]:
    """Starts listeners that say one thing to whoever comes, read what comes and never hang up; gives their port."""
    with ExitStack() as started:

        def listen(answer: bytes) -> int:
            class Handler(socketserver.BaseRequestHandler):
                def handle(self) -> None:
                    with suppress(OSError):
                        self.request.sendall(answer)
                        while self.request.recv(4096):
                            pass

            server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
            server.daemon_threads = True
            started.callback(server.server_close)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            started.callback(server.shutdown)
            return int(server.server_address[1])

        yield listen


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_with_default_settings_a_broker_that_dies_or_hangs_is_down_within_30_s(
    broker: Mosquitto, exporter: Start, until: Until, number: signal.Signals
) -> None:
    broker.start()
    watching = exporter(f"--mqtt.broker=mqtt://127.0.0.1:{broker.port}", "--mqtt.broker-name=main")
    until(lambda: is_up(watching), what="up")
    assert broker.process
    broker.process.send_signal(number)

    until(lambda: not is_up(watching), what="down")
    dark = watching.scrape()
    assert from_sys(dark) == []
    assert [name for name in dark if name.startswith(CAPABILITY)] == []
    assert watching.process.poll() is None


def test_a_broker_that_restarted_starts_its_counters_anew(
    broker: Mosquitto, watch: Callable[..., Exporter], until: Until
) -> None:
    name = 'gridobs_mqtt_messages_received_total{broker="main"}'
    broker.start()
    exporter = watch()
    until(lambda: exporter.scrape().get(name, 0) >= 60, what="messages")
    broker.kill()
    broker.start()

    until(lambda: exporter.scrape().get(name, 60) < 60, what="a counter that fell")
    assert exporter.scrape()['gridobs_mqtt_broker_uptime_seconds{broker="main"}'] < 30


def test_a_broker_that_says_why_it_hangs_up_is_counted_by_reason(
    exporter: Start, until: Until, listener: Callable[[bytes], int]
) -> None:
    """Mosquitto 2.0 does not say so; these bytes are CONNACK with success and DISCONNECT with 0x8B of MQTT 5."""
    port = listener(b"\x20\x03\x00\x00\x00" + b"\xe0\x02\x8b\x00")
    watching = exporter(f"--mqtt.broker=mqtt://127.0.0.1:{port}", "--mqtt.broker-name=main", *QUICK)
    labels = 'broker="main",client="{}",packet="DISCONNECT",reason="0x8B Server shutting down"'
    names = ["gridobs_mqtt_reason_codes_total{" + labels.format(client) + "}" for client in ("monitor", "probe")]

    until(lambda: all(watching.scrape()[name] >= 1 for name in names), what="the reason")
    assert "0x8B Server shutting down; trying again" in watching.logged()


def test_what_the_broker_grants_is_shown_while_it_holds_the_connection(
    broker: Mosquitto, watch: Callable[..., Exporter], until: Until
) -> None:
    broker.start("max_packet_size 5000", "max_inflight_messages 7")
    exporter = watch()
    until(lambda: exporter.scrape()[CONNECTED] == 1, what="connected")
    samples = exporter.scrape()
    granted = {
        name: samples[f'{CAPABILITY}{{broker="main",capability="{name}"}}']
        for name in ("maximum_packet_size_bytes", "receive_maximum", "maximum_qos")
    }
    broker.kill()

    assert granted == {
        "maximum_packet_size_bytes": 5000,
        "receive_maximum": 7,
        "maximum_qos": 2,
    }
    until(lambda: exporter.scrape()[CONNECTED] == 0, what="lost")
    assert [name for name in exporter.scrape() if name.startswith(CAPABILITY)] == []


def test_a_wrong_password_is_counted_and_a_right_one_lets_in_later(
    broker: Mosquitto, watch: Callable[..., Exporter], until: Until, program: Callable[[str], str], tmp_path: Path
) -> None:
    users, secret = tmp_path / "users", tmp_path / "secret"
    users.write_text("meter:open sesame\n")
    subprocess.run([program("mosquitto_passwd"), "-U", str(users)], check=True)
    secret.write_text("sesame open")
    broker.start(f"password_file {users}", anonymous=False)
    exporter = watch("--mqtt.username=meter", f"--mqtt.password-file={secret}")
    refused = {client: refusals("CONNACK", client) for client in ("monitor", "probe")}

    until(lambda: all(exporter.scrape()[name] >= 1 for name in refused.values()), what="refused")
    assert exporter.scrape()[UP] == exporter.scrape()[CONNECTED] == 0
    broker.kill()
    broker.start()
    until(lambda: is_up(exporter), what="up")


def test_a_broker_without_sys_topics_is_connected_and_not_up(
    broker: Mosquitto, watch: Callable[..., Exporter], until: Until
) -> None:
    broker.start("sys_interval 0")
    exporter = watch()
    until(lambda: by_qos(exporter, ROUNDTRIPS)[2] >= 1, what="a round that succeeds")
    until(
        lambda: exporter.scrape()[CONNECTED] == 1 and "without $SYS/broker/uptime" in exporter.logged(), what="told"
    )

    assert exporter.scrape()[UP] == 0
    assert from_sys(exporter.scrape()) == []


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\x7f", b"\xff" * 4096, bytes(4096)]
)
def test_a_listener_that_is_no_broker_is_down_and_does_no_harm(
    exporter: Start, until: Until, listener: Callable[[bytes], int], answer: bytes
) -> None:
    """Without an answer it is one that hangs."""
    watching = exporter(f"--mqtt.broker=mqtt://127.0.0.1:{listener(answer)}", "--mqtt.broker-name=main", *QUICK)
    until(lambda: min(by_qos(watching, FAILURES)) >= 2, what="two failed rounds")
    until(lambda: " ERROR " in watching.logged() or " does not answer" in watching.logged(), what="told")

    samples = watching.scrape()
    assert samples[UP] == samples[CONNECTED] == 0
    assert from_sys(samples) == []
    assert watching.process.poll() is None
    assert "Traceback" not in watching.logged()


def test_of_two_brokers_only_the_one_that_is_down_loses_its_series(
    broker: Mosquitto, upstream: Mosquitto, exporter: Start, until: Until, tmp_path: Path
) -> None:
    config = tmp_path / "exporter.yaml"
    brokers = {"main": broker, "spare": upstream}
    entry = "  - {{name: {}, url: 'mqtt://127.0.0.1:{}', sys_interval: 2s, probe_interval: 300ms}}"
    config.write_text("\n".join(["mqtt:", "  brokers:", *(entry.format(n, b.port) for n, b in brokers.items())]))
    for each in brokers.values():
        each.start()
    watching = exporter(f"--config.file={config}")
    spare = UP.replace("main", "spare")
    until(lambda: is_up(watching) and watching.scrape()[spare] == 1, what="both up")
    upstream.kill()
    until(lambda: watching.scrape()[spare] == 0, what="one down")

    until(lambda: is_up(watching), what="the other is up")
    left = {name.split('broker="')[1].split('"')[0] for name in from_sys(watching.scrape())}
    assert left == {"main"}

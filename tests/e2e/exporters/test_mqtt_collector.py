"""The mqtt collector against a real Mosquitto."""

from __future__ import annotations

import json
import signal
import socketserver
import subprocess
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import paho.mqtt.publish
import pytest
import requests
from paho.mqtt.client import MQTTv5

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.exporters.conftest import Exporter, Mosquitto, Start, Until

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


@pytest.fixture(name="watch")
def watch_fixture(broker: Mosquitto, exporter: Start) -> Callable[..., Exporter]:
    """An exporter of ``broker``."""
    return lambda *flags: exporter(
        f"--mqtt.broker=mqtt://127.0.0.1:{broker.port}", "--mqtt.broker-name=main", *QUICK, *flags
    )


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


def from_sys(samples: dict[str, float]) -> list[str]:
    return [name for name in samples if name.startswith(FROM_SYS)]


def by_qos(exporter: Exporter, name: str) -> list[float]:
    samples = exporter.scrape()
    return [samples[f'{name}{{broker="main",qos="{qos}"}}'] for qos in (0, 1, 2)]


def is_up(exporter: Exporter) -> bool:
    return exporter.scrape()[UP] == 1


def test_a_broker_that_serves_shows_its_values_and_its_round_trips(
    broker: Mosquitto, watch: Callable[..., Exporter], until: Until
) -> None:
    broker.start()
    exporter = watch()
    until(lambda: exporter.scrape()[HEARTBEAT] > 0, what="a live heartbeat")
    until(lambda: by_qos(exporter, ATTEMPTS)[0] >= 2, what="two rounds")
    samples = exporter.scrape()

    assert samples[UP] == 1
    assert any(name.startswith('gridobs_mqtt_broker_info{broker="main",version="2.') for name in samples)
    assert samples['gridobs_mqtt_clients_connected{broker="main"}'] >= 1
    assert samples['gridobs_mqtt_retained_messages{broker="main"}'] > 0
    for qos in (0, 1, 2):
        assert samples[f'{FAILURES}{{broker="main",qos="{qos}"}}'] == 0
        assert (
            samples[f'{ROUNDTRIPS}{{broker="main",qos="{qos}"}}']
            == samples[f'{ATTEMPTS}{{broker="main",qos="{qos}"}}']
        )
    phases = {name.split('"')[3] for name in samples if name.startswith("gridobs_mqtt_probe_duration_seconds{")}
    assert phases == {"connect", "connack", "suback", "puback", "deliver"}
    assert samples[SUCCESS] == 1


def test_a_killed_broker_leaves_no_stale_value_and_is_found_again(
    broker: Mosquitto, watch: Callable[..., Exporter], until: Until
) -> None:
    broker.start()
    exporter = watch()
    until(lambda: is_up(exporter), what="up")
    until(lambda: by_qos(exporter, ATTEMPTS)[0] >= 1, what="a round")

    broker.kill()
    until(lambda: not is_up(exporter), what="down")
    until(lambda: by_qos(exporter, FAILURES)[0] >= 3, what="three failed rounds")
    until(lambda: "cannot reach" in exporter.logged(), what="a line that says so")
    dark = exporter.scrape()

    assert from_sys(dark) == []
    assert len({dark[f'{FAILURES}{{broker="main",qos="{qos}"}}'] for qos in (0, 1, 2)}) == 1, (
        "a round counts each QoS once"
    )
    assert len({dark[f'{ATTEMPTS}{{broker="main",qos="{qos}"}}'] for qos in (0, 1, 2)}) == 1
    assert dark[SUCCESS] == 0
    assert exporter.process.poll() is None
    assert exporter.logged().count("cannot reach") == 1, "said once, not at every try"

    broker.start()
    until(lambda: is_up(exporter), what="up again")
    before = by_qos(exporter, ROUNDTRIPS)
    until(lambda: by_qos(exporter, ROUNDTRIPS)[2] > before[2], what="a round that succeeds")
    assert from_sys(exporter.scrape())


def test_a_bridge_is_up_while_its_other_end_is(
    broker: Mosquitto, upstream: Mosquitto, watch: Callable[..., Exporter], until: Until
) -> None:
    upstream.start()
    broker.start(
        "connection wan",
        f"address 127.0.0.1:{upstream.port}",
        "topic alarms/# out 1",
        "remote_clientid wan-bridge",
        "restart_timeout 1",
    )
    exporter = watch()
    series = 'gridobs_mqtt_bridge_up{bridge="wan-bridge",broker="main"}'
    until(lambda: exporter.scrape().get(series) == 1, what="the bridge is up")

    upstream.kill()

    until(lambda: exporter.scrape().get(series) == 0, what="the bridge is down")
    assert is_up(exporter)


def test_an_exporter_that_starts_before_its_broker_serves_and_counts_failures(
    broker: Mosquitto, watch: Callable[..., Exporter], until: Until
) -> None:
    exporter = watch()
    assert requests.get(f"{exporter.url}/-/ready", timeout=5).status_code == requests.codes.ok
    assert exporter.scrape()[UP] == 0
    until(lambda: min(by_qos(exporter, FAILURES)) >= 1, what="failures")
    broker.start()

    until(lambda: is_up(exporter), what="up")


def test_a_broker_that_hangs_is_down_once_three_heartbeats_are_missing(
    broker: Mosquitto, watch: Callable[..., Exporter], until: Until
) -> None:
    broker.start()
    exporter = watch()
    until(lambda: is_up(exporter), what="up")
    assert broker.process
    broker.process.send_signal(signal.SIGSTOP)

    until(lambda: not is_up(exporter), what="down")
    assert from_sys(exporter.scrape()) == []
    until(lambda: min(by_qos(exporter, FAILURES)) >= 1, what="a failed round")


def test_a_broker_that_refuses_the_connection_shows_why(
    broker: Mosquitto, watch: Callable[..., Exporter], until: Until
) -> None:
    broker.start(anonymous=False)
    exporter = watch()
    refused = {client: refusals("CONNACK", client) for client in ("monitor", "probe")}
    until(lambda: all(exporter.scrape().get(name, 0) >= 2 for name in refused.values()), what="refused twice")
    samples = exporter.scrape()

    assert samples[UP] == 0
    assert from_sys(samples) == []
    assert min(by_qos(exporter, FAILURES)) >= 2
    assert exporter.logged().count(f"refuses the connection: {NOT_AUTHORIZED}; check username and password_file") == 1
    assert exporter.logged().count(f"fails: QoS 0, 1, 2: connection refused: {NOT_AUTHORIZED}") == 1


def test_a_broker_that_refuses_subscriptions_shows_why(
    broker: Mosquitto, watch: Callable[..., Exporter], until: Until, access_plugin: Path, tmp_path: Path
) -> None:
    """Only the dynamic security plugin refuses a SUBSCRIBE; an ACL file grants it and sends nothing."""
    access = {"publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True}
    roles = tmp_path / "roles.json"
    roles.write_text(json.dumps({"defaultACLAccess": access}))
    roles.chmod(0o666)
    broker.start(f"plugin {access_plugin}", f"plugin_opt_config_file {roles}")
    exporter = watch()
    refused = {client: refusals("SUBACK", client) for client in ("monitor", "probe")}
    until(lambda: all(exporter.scrape().get(name, 0) > 0 for name in refused.values()), what="refused")
    until(lambda: "without $SYS/broker/uptime" in exporter.logged() or not is_up(exporter), what="down")

    assert from_sys(exporter.scrape()) == []
    assert f"$SYS/broker/version first: {NOT_AUTHORIZED}; allow this user to subscribe" in exporter.logged()
    assert f"subscription refused: {NOT_AUTHORIZED}" in exporter.logged()


def test_a_user_who_may_not_read_sys_is_told_what_to_allow(
    broker: Mosquitto, watch: Callable[..., Exporter], until: Until, tmp_path: Path
) -> None:
    """Mosquitto's ACL file grants every subscription and then sends nothing."""
    broker.start(f"acl_file {acl(tmp_path, 'topic readwrite gridobs/probe/#')}")
    exporter = watch()
    until(lambda: by_qos(exporter, ROUNDTRIPS)[2] >= 1, what="a round that succeeds")
    until(lambda: exporter.scrape()[UP] == 0 and "let this user read $SYS/broker/#" in exporter.logged(), what="told")

    assert from_sys(exporter.scrape()) == []


def test_a_message_that_is_not_of_this_round_is_no_answer(
    broker: Mosquitto, watch: Callable[..., Exporter], until: Until, tmp_path: Path
) -> None:
    """The probe may read but not write; what others published on its topics reaches it in every round."""
    rules = acl(tmp_path, "topic read #", "user other", "topic readwrite #")
    broker.start(f"acl_file {rules}")
    for qos in (0, 1, 2):
        paho.mqtt.publish.single(
            f"gridobs/probe/test/{qos}",
            f"0123456789abcdef {qos}",
            qos=qos,
            retain=True,
            port=broker.port,
            hostname="127.0.0.1",
            auth={"username": "other", "password": ""},
            protocol=MQTTv5,
        )
    exporter = watch("--mqtt.probe-topic=gridobs/probe/test", "--mqtt.probe-timeout=300ms")
    until(lambda: by_qos(exporter, ATTEMPTS)[0] >= 2, what="two rounds")

    assert by_qos(exporter, ROUNDTRIPS) == [0, 0, 0]
    assert f"publish refused: {NOT_AUTHORIZED}" in exporter.logged()


def test_a_broker_behind_tls_lets_in_who_proves_both_sides(
    broker: Mosquitto, exporter: Start, until: Until, program: Callable[[str], str], tmp_path: Path
) -> None:
    key, certificate, secret = tmp_path / "key.pem", tmp_path / "cert.pem", tmp_path / "secret"
    request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([program("openssl"), *request, *names], check=True, capture_output=True)
    users = tmp_path / "users"
    users.write_text("meter:open sesame\n")
    subprocess.run([program("mosquitto_passwd"), "-U", str(users)], check=True)
    secret.write_text("open sesame\n")
    broker.start(f"cafile {certificate}", f"certfile {certificate}", f"keyfile {key}", f"password_file {users}",
                 "require_certificate true", anonymous=False)  # fmt: skip
    url = f"--mqtt.broker=mqtts://127.0.0.1:{broker.port}"
    main = "--mqtt.broker-name=main"
    who = ("--mqtt.username=meter", f"--mqtt.password-file={secret}")
    ours = (f"--mqtt.cert-file={certificate}", f"--mqtt.key-file={key}")

    let_in = exporter(url, main, *who, *ours, f"--mqtt.ca-file={certificate}", *QUICK)
    distrusting = exporter(url, main, *who, *ours, *QUICK)
    until(lambda: is_up(let_in) and by_qos(let_in, ROUNDTRIPS)[2] >= 1, what="up over TLS")
    until(lambda: "CERTIFICATE_VERIFY_FAILED" in distrusting.logged(), what="an unknown authority is not trusted")

    assert distrusting.scrape()[UP] == 0
    assert "open sesame" not in let_in.logged()


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


def refusals(packet: str, client: str) -> str:
    labels = f'broker="main",client="{client}",packet="{packet}",reason="{NOT_AUTHORIZED}"'
    return f"gridobs_mqtt_reason_codes_total{{{labels}}}"


def acl(folder: Path, *lines: str) -> Path:
    rules = folder / "acl"
    rules.write_text("\n".join((*lines, "")))
    rules.chmod(0o600)
    return rules

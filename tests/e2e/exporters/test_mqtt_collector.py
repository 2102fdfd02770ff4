"""The mqtt collector against a real Mosquitto."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import TYPE_CHECKING

import paho.mqtt.publish
import requests
from paho.mqtt.client import MQTTv5

from tests.e2e.exporters.seen import (
    ATTEMPTS,
    FAILURES,
    HEARTBEAT,
    NOT_AUTHORIZED,
    QUICK,
    ROUNDTRIPS,
    SUCCESS,
    UP,
    by_qos,
    from_sys,
    is_up,
    refusals,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.exporters.conftest import Exporter, Mosquitto, Start, Until


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


def acl(folder: Path, *lines: str) -> Path:
    rules = folder / "acl"
    rules.write_text("\n".join((*lines, "")))
    rules.chmod(0o600)
    return rules

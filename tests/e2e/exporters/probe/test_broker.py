"""The probe against a real Mosquitto."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from paho.mqtt.client import MQTTMessage

    from tests.e2e.exporters.conftest import Mosquitto
    from tests.e2e.exporters.probe.conftest import Ask, Authority, StartRelay

pytestmark = pytest.mark.e2e

ALL = ["retained", "session_resume", "shared_subscription", "wrong_password"]
DAY = 86400


def url(broker: Mosquitto, scheme: str = "mqtt") -> str:
    return f"{scheme}://127.0.0.1:{broker.port}"


def test_a_broker_that_does_everything_right_passes_everything(broker: Mosquitto, users: Path, ask: Ask) -> None:
    acl = users.with_name("acl")
    acl.write_text("user meter\ntopic readwrite gridobs/probe/#\n")
    broker.start(f"password_file {users}", f"acl_file {acl}", anonymous=False)
    seen = ask(url(broker), qos=[0, 1, 2], checks=ALL, username="meter", password_file=str(users.with_name("secret")))

    assert seen.failures() == {}
    assert seen.success
    assert seen.checks() == dict.fromkeys(ALL, 1)
    assert seen.by_qos("sent") == {"0": 10, "1": 10, "2": 10}
    for what in ("lost", "duplicated", "reordered"):
        assert seen.by_qos(what) == {"0": 0, "1": 0, "2": 0}
    assert seen.phases() == {"resolve", "tcp", "connack", "suback", "puback", "deliver"}
    assert seen.samples["gridobs_probe_connack_reason_code"] == 0
    assert seen.samples["gridobs_probe_wrong_password_accepted"] == 0
    assert seen.samples['gridobs_probe_capability{capability="maximum_qos"}'] == 2
    assert seen.samples["probe_ip_protocol"] == 4


def test_nothing_of_it_stays_on_the_broker(broker: Mosquitto, ask: Ask) -> None:
    broker.start("log_type all")
    assert ask(url(broker), qos=[0, 1, 2], checks=ALL[:3]).success

    began = broker.log().count("New client connected")
    assert began == 6  # itself, three for the session, two for the shared subscription
    assert began == broker.log().count(" disconnected.")
    assert all_that_is_retained(broker) == ["marker"]


def all_that_is_retained(broker: Mosquitto) -> list[str]:
    """Topics outside ``$SYS``, and the marker that shows the end of them."""
    topics: list[str] = []
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)

    @client.message_callback()
    def note(_client: Client, _data: object, message: MQTTMessage) -> None:
        topics.append(message.topic)

    client.connect("127.0.0.1", broker.port)
    client.subscribe("#")
    client.publish("marker")
    deadline = time.monotonic() + 10
    while "marker" not in topics and time.monotonic() < deadline:
        client.loop(0.1)
    client.disconnect()
    return topics


def test_a_wrong_password_that_is_let_in_fails_the_check(broker: Mosquitto, ask: Ask) -> None:
    broker.start(anonymous=True)
    seen = ask(url(broker), checks=["wrong_password"])

    assert seen.samples["gridobs_probe_wrong_password_accepted"] == 1
    assert seen.failures() == {"wrong_password": "the broker let a wrong password in"}
    assert not seen.success


def test_who_is_refused_sees_the_reason(broker: Mosquitto, users: Path, ask: Ask) -> None:
    broker.start(f"password_file {users}", anonymous=False)
    seen = ask(url(broker), checks=ALL)

    assert not seen.success
    assert seen.failures() == {"connack": "0x87 Not authorized"}
    assert seen.samples["gridobs_probe_connack_reason_code"] == 0x87
    assert seen.phases() == {"resolve", "tcp", "connack"}
    assert seen.checks() == {}


def test_a_broker_that_retains_nothing_fails_that_check_alone(broker: Mosquitto, ask: Ask) -> None:
    broker.start("retain_available false")
    seen = ask(url(broker), checks=ALL[:3])

    assert seen.failures() == {"retained": "the broker says it retains nothing"}
    assert seen.checks() == {"retained": 0, "session_resume": 1, "shared_subscription": 1}
    assert seen.samples['gridobs_probe_capability{capability="retain_available"}'] == 0


def test_a_qos_the_broker_does_not_take_is_not_tried(broker: Mosquitto, ask: Ask) -> None:
    broker.start("max_qos 1")
    seen = ask(url(broker), qos=[0, 1, 2])

    assert seen.failures() == {"qos2": "the broker says it takes QoS 1 at most"}
    assert seen.by_qos("sent") == {"0": 10, "1": 10}


def test_what_the_acl_denies_fails_and_leaves_time_for_the_rest(broker: Mosquitto, users: Path, ask: Ask) -> None:
    """Mosquitto answers QoS 1 with a reason, and drops QoS 0 without a word."""
    acl = users.with_name("acl")
    acl.write_text("user meter\ntopic read gridobs/probe/#\n")
    broker.start(f"password_file {users}", f"acl_file {acl}", anonymous=False)
    secret = str(users.with_name("secret"))
    seen = ask(url(broker), qos=[0, 1], checks=ALL, timeout="2s", username="meter", password_file=secret)

    assert seen.failures()["qos0"] == "deliver: timeout"
    assert seen.failures()["qos1"] == "puback: 0x87 Not authorized"
    assert seen.checks()["wrong_password"] == 1
    assert seen.samples["probe_duration_seconds"] < 4


def test_a_broker_with_a_small_window_gets_no_more_than_it_takes(broker: Mosquitto, ask: Ask) -> None:
    broker.start("max_inflight_messages 2")
    seen = ask(url(broker), qos=[1, 2], messages=50)

    assert seen.failures() == {}
    assert seen.samples['gridobs_probe_capability{capability="receive_maximum"}'] == 2


@pytest.mark.parametrize(
    ("qos", "mangle", "counts", "problem"),
    [
        (0, lambda frame, number: [] if number == 3 else [frame], (1, 0, 0), None),
        (1, lambda frame, number: [] if number == 3 else [frame], (1, 0, 0), "messages lost"),
        (0, lambda frame, number: [frame, frame] if number == 3 else [frame], (0, 1, 0), "messages duplicated"),
        (1, lambda frame, number: [frame, frame] if number == 3 else [frame], (0, 1, 0), None),
        (0, lambda _frame, _number: [], (10, 0, 0), "deliver: timeout"),
        (0, lambda frame, number: [frame] if number < 5 else [], (5, 0, 0), None),
        (1, lambda frame, number: [frame] if number < 5 else [], (5, 0, 0), "deliver: timeout"),
    ],
    ids=[
        "QoS 0 may lose",
        "QoS 1 must not lose",
        "QoS 0 must not repeat",
        "QoS 1 may repeat",
        "silence",
        "QoS 0 may lose the last",
        "QoS 1 must not",
    ],
)
def test_loss_and_duplicates_are_counted_and_judged_by_what_the_qos_promises(
    *,
    qos: int,
    mangle: Callable[[bytes, int], list[bytes]],
    counts: tuple[int, int, int],
    problem: str | None,
    broker: Mosquitto,
    relay: StartRelay,
    ask: Ask,
) -> None:
    broker.start()
    seen = ask(relay(broker.port, mangle), qos=[qos], timeout="2s")

    counted = tuple(seen.by_qos(what)[str(qos)] for what in ("lost", "duplicated", "reordered"))
    assert counted == counts
    assert seen.failures() == ({f"qos{qos}": problem} if problem else {})
    assert seen.success == (problem is None)


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_what_overtakes_is_counted(qos: int, broker: Mosquitto, relay: StartRelay, ask: Ask) -> None:
    held: list[bytes] = []

    def swap(frame: bytes, number: int) -> list[bytes]:
        if number == 3:
            held.append(frame)
            return []
        return [frame, held.pop()] if held else [frame]

    broker.start()
    seen = ask(relay(broker.port, swap), qos=[qos])

    assert seen.by_qos("reordered") == {str(qos): 1}
    assert seen.failures() == {f"qos{qos}": "messages reordered"}


def test_a_message_to_both_members_of_a_shared_subscription_is_found(
    broker: Mosquitto, relay: StartRelay, ask: Ask
) -> None:
    broker.start()
    doubled = relay(broker.port, lambda frame, _: [frame, frame] if b"/shared" in frame else [frame])
    seen = ask(doubled, checks=["shared_subscription"])

    assert seen.failures() == {"shared_subscription": "a message came to more than one member, or twice"}


def test_a_broker_that_is_not_there_is_a_failure_of_tcp(broker: Mosquitto, ask: Ask) -> None:
    seen = ask(url(broker), checks=ALL)

    assert seen.failures() == {"tcp": "Connection refused"}
    assert seen.phases() == {"resolve"}


def test_a_name_that_does_not_resolve_is_a_failure_of_resolve(ask: Ask) -> None:
    seen = ask("mqtt://no-such-broker.invalid:1883", timeout="3s")

    assert set(seen.failures()) == {"resolve"}
    assert seen.phases() == set()


def test_a_peer_that_says_nothing_costs_no_more_than_the_timeout(ask: Ask) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as deaf:
        address = f"127.0.0.1:{deaf.getsockname()[1]}"
        began = time.monotonic()
        plain = ask(f"mqtt://{address}", timeout="500ms", checks=ALL)
        tls = ask(f"mqtts://{address}", timeout="500ms", checks=ALL)

        assert time.monotonic() - began < 5
    assert plain.failures() == {"connack": "timeout"}
    assert plain.phases() == {"resolve", "tcp"}
    assert tls.failures() == {"tls": "timeout"}
    assert plain.samples["probe_timeout_seconds"] == 0.5


def test_a_peer_that_dribbles_through_tls_costs_no_more_than_the_timeout(ask: Ask) -> None:
    """A byte now and then would keep a handshake alive that only times each wait."""
    stop = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def dribble() -> None:
            connection, _ = listener.accept()
            with closing(connection):
                connection.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 KiB that never ends
                while not stop.wait(0.05):
                    try:
                        connection.sendall(b"\0")
                    except OSError:
                        return

        thread = threading.Thread(target=dribble, daemon=True)
        thread.start()
        seen = ask(f"mqtts://127.0.0.1:{listener.getsockname()[1]}", timeout="600ms")
        stop.set()
        thread.join(timeout=5)

    assert set(seen.failures()) == {"tls"}
    assert seen.samples["probe_duration_seconds"] < 3


def test_tls_is_verified_measured_and_its_first_expiry_told(
    broker: Mosquitto, authority: Authority, ask: Ask
) -> None:
    certificate, key = authority.vouch("short", days=20)
    broker.start(f"certfile {certificate}", f"keyfile {key}")
    seen = ask(url(broker, "mqtts"), ca_file=str(authority.root), checks=["session_resume"])

    assert seen.failures() == {}
    assert {"tcp", "tls", "connack"} < seen.phases()
    assert seen.samples["probe_ssl_earliest_cert_expiry"] == pytest.approx(time.time() + 20 * DAY, abs=300)
    assert 'probe_tls_version_info{version="TLS 1.3"}' in seen.samples
    assert any(name.startswith("probe_tls_cipher_info{") for name in seen.samples)


def test_an_authority_that_ends_before_the_certificate_is_the_first_expiry(
    broker: Mosquitto, authority: Authority, ask: Ask
) -> None:
    certificate, key = authority.vouch("long", days=400)
    broker.start(f"certfile {certificate}", f"keyfile {key}")
    seen = ask(url(broker, "mqtts").replace("127.0.0.1", "localhost"), ca_file=str(authority.root))

    assert seen.success
    assert seen.samples["probe_ssl_earliest_cert_expiry"] == pytest.approx(time.time() + 90 * DAY, abs=300)


@pytest.mark.parametrize(
    ("days", "trusted", "reason"),
    [(-1, True, "certificate has expired"), (9, False, "unable to get local issuer certificate")],
)
def test_a_certificate_that_does_not_hold_is_a_failure_of_tls(
    *, days: int, trusted: bool, reason: str, broker: Mosquitto, authority: Authority, ask: Ask
) -> None:
    certificate, key = authority.vouch("broker", days=days)
    broker.start(f"certfile {certificate}", f"keyfile {key}")
    module = {"ca_file": str(authority.root)} if trusted else {}
    seen = ask(url(broker, "mqtts"), **module)

    assert seen.failures() == {"tls": reason}
    assert seen.phases() == {"resolve", "tcp"}


def test_a_certificate_for_another_name_is_a_failure_of_tls(
    broker: Mosquitto, authority: Authority, ask: Ask
) -> None:
    certificate, key = authority.vouch("broker", days=9)
    broker.start(f"certfile {certificate}", f"keyfile {key}")
    seen = ask(url(broker, "mqtts").replace("127.0.0.1", "127.1"), ca_file=str(authority.root))

    assert seen.failures() == {"tls": "Hostname mismatch"}


def test_probes_at_the_same_time_do_not_see_each_other(broker: Mosquitto, ask: Ask) -> None:
    broker.start()
    with ThreadPoolExecutor(6) as pool:
        all_seen = list(pool.map(lambda _: ask(url(broker), qos=[0, 1, 2], checks=ALL[:3]), range(6)))

    assert [seen.failures() for seen in all_seen] == [{}] * 6


def test_a_broker_that_goes_in_the_middle_is_told_by_each_step(
    broker: Mosquitto, relay: StartRelay, ask: Ask
) -> None:
    broker.start()

    def kill(frame: bytes, number: int) -> list[bytes]:
        if number == 2:
            broker.kill()
        return [frame]

    seen = ask(relay(broker.port, kill), qos=[1], messages=100, checks=["retained"])

    assert "connection lost" in seen.failures()["qos1"]
    assert "connection lost" in seen.failures()["retained"]

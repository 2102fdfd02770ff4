"""Who is served by /probe, who is refused and why; and that nothing a peer sends gets out as an exception."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import pytest
from gridobs_exporters.clock import Clock
from gridobs_exporters.config.section import Section
from gridobs_exporters.mqtt.blackbox.allow import parse_target
from gridobs_exporters.mqtt.blackbox.kind import prepare
from gridobs_exporters.mqtt.blackbox.module import Module
from gridobs_exporters.mqtt.blackbox.page import AT_ONCE
from gridobs_exporters.mqtt.blackbox.probe import probe
from gridobs_exporters.pages import Request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gridobs_exporters.pages import Response, Route

ALLOWED = "mqtt://127.0.0.1:1"  # where nothing listens
TIMEOUT = "x-prometheus-scrape-timeout-seconds"


def page(*targets: str, **modules: dict[str, Any]) -> Route:
    section = Section({"targets": list(targets)} | ({"modules": modules} if modules else {}))
    route = prepare(section)(Clock())
    assert section.problems == []
    return route


def get(route: Route, headers: dict[str, str] | None = None, **query: str | Sequence[str]) -> Response:
    lists = {name: [value] if isinstance(value, str) else value for name, value in query.items()}
    return route.answer(Request(method="GET", path="/probe", query=lists, headers=headers or {}))


def value(response: Response, name: str) -> float:
    line = next(line for line in response.body.decode().splitlines() if line.startswith(f"{name} "))
    return float(line.rpartition(" ")[2])


@pytest.mark.parametrize(
    ("query", "status", "line"),
    [
        ({}, 400, "Give one target; write mqtt://HOST:1883"),
        ({"target": [ALLOWED, ALLOWED]}, 400, "Give one target"),
        ({"target": "127.0.0.1:1"}, 400, "target: not a broker's address; write mqtt://HOST:1883"),
        ({"target": "mqtt://me:sesame@127.0.0.1:1"}, 400, "target: others can read a password here"),
        ({"target": ALLOWED, "module": "http_2xx"}, 400, "give module= one of qos0, qos1, qos2, full."),
        ({"target": ALLOWED, "module": ["qos0", "qos1"]}, 400, "No such module"),
        ({"target": "mqtt://127.0.0.1:2"}, 403, "mqtt://127.0.0.1:2 is not among the targets"),
    ],
)
def test_what_is_not_served_is_told_why(query: dict[str, Any], status: int, line: str) -> None:
    response = get(page(ALLOWED), **query)

    assert response.status == status
    assert line in response.body.decode()
    assert response.body.count(b"\n") == 1
    assert b"sesame" not in response.body


def test_a_broker_that_is_down_is_a_page_and_not_an_error() -> None:
    response = get(page(ALLOWED), target=ALLOWED)

    assert response.status == 200
    assert value(response, "probe_success") == 0
    assert value(response, "probe_timeout_seconds") == 5


@pytest.mark.parametrize(
    ("scrape", "seconds"), [("10", 5), ("3", 2.5), ("0.6", 0.3), ("soon", 5), ("-1", 5), (None, 5)]
)
def test_the_shorter_of_the_two_timeouts_counts(scrape: str | None, seconds: float) -> None:
    response = get(page(ALLOWED), {TIMEOUT: scrape} if scrape else None, target=ALLOWED)

    assert value(response, "probe_timeout_seconds") == pytest.approx(seconds)


@pytest.fixture
def deaf() -> Iterator[str]:
    """The address of a peer that takes connections and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as listener:
        yield f"mqtt://127.0.0.1:{listener.getsockname()[1]}"


def test_more_probes_than_there_are_places_for_are_turned_away(deaf: str) -> None:
    route = page(deaf, slow={"timeout": "2s"})
    with ThreadPoolExecutor(AT_ONCE + 4) as pool:
        asked = [pool.submit(get, route, target=deaf, module="slow") for _ in range(AT_ONCE + 4)]
        statuses = [one.result().status for one in asked]

    assert sorted(statuses) == [200] * AT_ONCE + [503] * 4
    assert get(route, target=deaf, module="slow").status == 200  # the places are free again


def test_a_secret_is_never_on_the_page(deaf: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("probe") / "secret"
    secret.write_text("open sesame\n")
    route = page(deaf, here={"timeout": "200ms", "username": "meter", "password_file": str(secret)})
    response = get(route, target=deaf, module="here")

    assert value(response, "probe_success") == 0
    assert b"sesame" not in response.body
    assert b"meter" not in response.body


# --- hostile peers -------------------------------------------------------------------------------------------------
ADMITTED = b"\x20\x03\x00\x00\x00"  # CONNACK: success, no properties


def frame(kind: int, body: bytes) -> bytes:
    """An MQTT packet with a true length, as far as one byte can tell it."""
    return bytes([kind, len(body)]) + body


KINDS = st.sampled_from([0x20, 0x30, 0x32, 0x34, 0x40, 0x50, 0x62, 0x70, 0x90, 0xB0, 0xD0, 0xE0, 0xF0])
PUBLISHED = st.binary(max_size=8).map(lambda topic: frame(0x30, bytes([0, len(topic)]) + topic + b"\0payload"))
FRAMES = st.builds(frame, KINDS | st.integers(0, 255), st.binary(max_size=60)) | PUBLISHED
ANSWERS = st.one_of(
    st.binary(max_size=80),
    st.builds(frame, st.just(0x20), st.binary(max_size=60)),
    st.lists(FRAMES, max_size=6).map(b"".join).map(ADMITTED.__add__),
    st.lists(FRAMES, max_size=6).map(b"".join),
)


class Peer:
    """Says ``answer`` to whoever comes, and hangs up."""

    def __init__(self) -> None:
        self.answer = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.target = parse_target(f"mqtt://127.0.0.1:{self._listener.getsockname()[1]}")
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with closing(connection), suppress(OSError):
                connection.recv(4096)
                connection.sendall(self.answer)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    with closing(Peer()) as one:
        yield one


@settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answer=ANSWERS)
def test_whatever_a_peer_answers_is_a_failure_with_a_step(peer: Peer, answer: bytes) -> None:
    peer.answer = answer
    module = Module(qos=(0, 1), checks=("retained", "session_resume", "wrong_password"), topic="gridobs/probe/test")
    findings = probe(peer.target, module, timeout=1.0, clock=Clock())

    assert findings.failures
    assert "exporter" not in findings.failures, "an exception that is no StepError came out of the probe"
    assert findings.samples(duration=0.0, timeout=1.0).families()[0]

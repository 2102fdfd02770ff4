"""Serving, and every way in which it cannot start."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
import requests

from gridobs.errors import GridObsError, PortTaken
from gridobs.instrument import Endpoint, serve, start

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_serve_answers_inside_its_block_and_frees_port_and_threads_after_it() -> None:
    before = set(threading.enumerate())
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with serve(service="s", host="127.0.0.1", port=port) as metrics:
        metrics.received(3)
        text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    with serve(service="s", host="127.0.0.1", port=port):
        pass

    assert "\npower_records_total 3.0\n" in text
    assert before == set(threading.enumerate())


def test_serve_frees_the_port_when_its_block_fails() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ZeroDivisionError), serve(service="s", host="127.0.0.1", port=port):
        1 / 0  # noqa: B018 - any failure
    start(service="s", host="127.0.0.1", port=port).close()


def test_metrics_may_still_be_reported_after_close() -> None:
    endpoint = start(service="s", host="127.0.0.1", port=0)
    endpoint.close()

    endpoint.metrics.received(1)
    endpoint.metrics.committed(latencies=[0.01], ages=[0.01])


def test_a_taken_port_is_named_with_a_cure(taken: int) -> None:
    before = set(threading.enumerate())
    with pytest.raises(PortTaken) as caught:
        start(service="s", host="127.0.0.1", port=taken)

    assert str(caught.value) == (
        f"cannot serve /metrics on 127.0.0.1:{taken}: the port is in use; choose another, or stop the program that "
        f"holds it (ss -ltnp 'sport = :{taken}' shows it)"
    )
    assert before == set(threading.enumerate())


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        ("127.0.0.1", 70000, "no such port; give one from 1 to 65535"),
        ("127.0.0.1", -1, "no such port; give one from 1 to 65535"),
        ("192.0.2.1", 0, "give an address of this machine"),
        ("256.1.1.1", 0, "give an address of this machine"),
    ],
)
def test_an_address_that_cannot_be_used_is_named_with_a_cure(host: str, port: int, message: str) -> None:
    with pytest.raises(GridObsError) as caught:
        start(service="s", host=host, port=port)

    assert str(caught.value).startswith(f"cannot serve /metrics on {host}:{port}: ")
    assert message in str(caught.value)


def test_other_paths_are_not_metrics(endpoint: Endpoint) -> None:
    answer = requests.get(endpoint.url.replace("/metrics", "/"), timeout=10)

    assert (answer.status_code, answer.text) == (404, "metrics are at /metrics\n")


@pytest.mark.timeout(60)
def test_a_client_that_sends_nothing_stops_neither_scrapes_nor_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own time limit is out of the way, so that close() alone can end it."""
    monkeypatch.setattr("gridobs.instrument.http._Handler.timeout", 3600)
    before = set(threading.enumerate())
    endpoint = start(service="s", host="127.0.0.1", port=0)
    with socket.create_connection(("127.0.0.1", endpoint.port)):
        answer = requests.get(endpoint.url, timeout=10)
        endpoint.close()
        after = set(threading.enumerate())

    assert answer.ok
    assert before == after


def test_ipv6_is_served() -> None:
    if not socket.has_ipv6 or not _has_loopback6():
        pytest.skip("this machine has no ::1")
    endpoint = start(service="s", host="::1", port=0)
    answer = requests.get(endpoint.url, timeout=10)
    endpoint.close()

    assert endpoint.url == f"http://[::1]:{endpoint.port}/metrics"
    assert answer.ok


def _has_loopback6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_without_the_extra_the_way_to_install_it_is_said() -> None:
    code = (
        "import sys\n"
        "sys.modules['opentelemetry'] = None\n"
        "from gridobs.errors import GridObsError\n"
        "from gridobs.instrument import Stage, serve\n"
        "try:\n"
        "    with serve(service='s', host='127.0.0.1', port=0): pass\n"
        "except GridObsError as error:\n"
        "    print(Stage.STORE, error, error.__suppress_context__)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (
        run.stdout,
        run.stderr,
    ) == ("store OpenTelemetry is not installed; run: pip install 'gridobs[otel]' True\n", "")

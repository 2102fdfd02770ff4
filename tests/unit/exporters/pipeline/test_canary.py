"""The canary against peers that are none, or that are silent. With real ones: tests/e2e/exporters."""

from __future__ import annotations

import socket
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.clock import Clock
from gridobs_exporters.mqtt.target import Broker
from gridobs_exporters.pipeline.canary import CANARY_EDGES, Canary, CanaryError, CanarySettings, Failure
from gridobs_exporters.pipeline.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.exporters.pipeline.conftest import MakeWatched

SLO_EDGES = {0.010, 0.020, 0.030, 0.050}


def settings(port: int) -> CanarySettings:
    broker = Broker(host="127.0.0.1", port=port)
    return CanarySettings(broker=broker, topic="t", meter="gridobs-canary", interval=60, timeout=0.3)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server


def test_the_histogram_has_the_edges_of_the_objectives_and_reaches_a_minute() -> None:
    assert set(CANARY_EDGES) > SLO_EDGES
    assert max(CANARY_EDGES) == 60
    assert list(CANARY_EDGES) == sorted(set(CANARY_EDGES))


def test_a_broker_that_is_not_there_is_a_failure_of_the_broker(tmp_path: Path, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    with pytest.raises(CanaryError, match="cannot connect: ") as failed:
        Canary(Store(tmp_path / "s.db"), settings(port), clock=Clock()).send()

    assert failed.value.failure is Failure.BROKER


def test_a_broker_that_hangs_is_given_up_in_time(tmp_path: Path, listener: socket.socket) -> None:
    with pytest.raises(CanaryError, match=r"no connack within 0.3 s") as failed:
        Canary(Store(tmp_path / "s.db"), settings(listener.getsockname()[1]), clock=Clock()).send()

    assert failed.value.failure is Failure.BROKER


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x20\xff\xff\xff\xff\xff", b"\x20\x02\x00\x01"]
)
def test_a_round_with_what_is_no_broker_counts_once(
    watched: MakeWatched, listener: socket.socket, answer: bytes
) -> None:
    counted = threading.Event()

    def serve() -> None:
        peer, _ = listener.accept()
        with closing(peer):
            peer.recv(1000)
            peer.sendall(answer)
        counted.set()

    threading.Thread(target=serve, daemon=True).start()
    one = watched(canary=settings(listener.getsockname()[1]))
    started = one.scrape()
    one.collector.start()
    assert counted.wait(10)
    page = one.scrape()
    while page["canary_attempts_total"] < 1:
        page = one.scrape()
    one.collector.stop()

    assert started["canary_attempts_total"] == started["canary_last_success_timestamp_seconds"] == 0
    assert {reason: started[f'canary_failures_total{{reason="{reason}"}}'] for reason in Failure} == dict.fromkeys(
        Failure, 0
    )
    assert page["canary_attempts_total"] == page['canary_failures_total{reason="broker"}'] == 1
    assert page["canary_seconds_count"] == 0

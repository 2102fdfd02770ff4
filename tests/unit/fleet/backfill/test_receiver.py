"""The receiver against a server of this test that answers as it is told to."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from gridobs.errors import ServerError
from gridobs.fleet.backfill.faults import SiteFault
from gridobs.fleet.backfill.receiver import Receiver, Stopped, seconds_of
from gridobs.fleet.backfill.series import Series
from gridobs.prometheus import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

Answer = tuple[int, str, dict[str, str]]
ONE = Series(labels=(("__name__", "a:b:c"),), times=(1_700_000_000_000,), values=(1.0,))
MANY = Series(labels=ONE.labels, times=tuple(range(1_700_000_000_000, 1_700_000_400_000, 1000)), values=(1.0,) * 400)


class Hub:
    """Gives its answers in turn, the last of them for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [(204, "", {})]
        self.asked = 0
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                hub.asked += 1
                status, text, headers = hub.answers.pop(0) if len(hub.answers) > 1 else hub.answers[0]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.client = Client(f"http://127.0.0.1:{self.server.server_address[1]}")


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()
    thread = threading.Thread(target=hub.server.serve_forever, daemon=True)
    thread.start()
    yield hub
    hub.server.shutdown()
    hub.server.server_close()
    thread.join()


class Waits(list[float]):
    """How long was waited; stops when told to."""

    stop = False

    def __call__(self, seconds: float) -> bool:
        self.append(seconds)
        return self.stop


def receiver(hub: Hub, waits: Waits, *, jitter: float = 0.5) -> Receiver:
    return Receiver(hub.client, wait=waits, jitter=lambda: jitter)


def test_what_passes_is_tried_again_later_each_time_and_as_the_hub_asks(hub: Hub) -> None:
    hub.answers = [(503, "", {}), (500, "", {}), (429, "", {"Retry-After": "7"}), (204, "", {})]
    waits = Waits()

    written = receiver(hub, waits).write([ONE])

    assert written.samples == 1
    assert waits == [1.0, 2.0, 7.0]


def test_waits_differ_between_writers(hub: Hub) -> None:
    hub.answers = [(503, "", {}), (204, "", {}), (503, "", {}), (204, "", {})]
    waits = Waits()

    receiver(hub, waits, jitter=0.0).write([ONE])
    receiver(hub, waits, jitter=0.9).write([ONE])

    assert waits == [0.5, 1.4]


def test_a_hub_that_never_recovers_is_given_up(hub: Hub) -> None:
    hub.answers = [(503, "too busy", {})]

    with pytest.raises(ServerError, match=r"answers 503 to what is written, 'too busy'; see what its log says"):
        receiver(hub, Waits()).write([ONE])

    assert hub.asked == 6


@pytest.mark.parametrize(("status", "cure"), [(404, "remote-write-receiver"), (401, "--token-file"), (413, "log")])
def test_what_does_not_pass_is_said_at_once_with_its_cure(status: int, cure: str, hub: Hub) -> None:
    hub.answers = [(status, "", {})]

    with pytest.raises(ServerError, match=cure):
        receiver(hub, Waits()).write([ONE])

    assert hub.asked == 1


@pytest.mark.parametrize(
    ("status", "text"), [(400, "out of bounds"), (400, "out of order sample"), (500, "too old sample")]
)
def test_samples_that_are_too_old_for_the_hub_say_what_to_set(status: int, text: str, hub: Hub) -> None:
    hub.answers = [(status, text, {})]

    with pytest.raises(ServerError, match=r"set storage\.tsdb\.out_of_order_time_window"):
        receiver(hub, Waits()).write([ONE])

    assert hub.asked == 1


def test_a_hub_that_refuses_all_a_site_has_is_the_fault_of_the_site(hub: Hub) -> None:
    hub.answers = [(400, "duplicate sample for timestamp", {})]

    with pytest.raises(SiteFault, match="refuses most of what the site has: duplicate sample"):
        receiver(hub, Waits()).write([MANY])

    assert hub.asked < 300


def test_whoever_is_told_to_stop_does_not_try_again(hub: Hub) -> None:
    hub.answers = [(503, "", {})]
    waits = Waits()
    waits.stop = True

    with pytest.raises(Stopped):
        receiver(hub, waits).write([ONE])


def test_retry_after_is_read_in_seconds_and_bounded() -> None:
    assert seconds_of("7") == 7
    assert seconds_of("86400") == 300
    assert seconds_of("Wed, 21 Oct 2026 07:28:00 GMT") is None
    assert seconds_of("") is None
    assert seconds_of("-1") is None

"""HTTP around routes: methods, bodies, connections, and clients that take their time."""

from __future__ import annotations

import gzip
import logging
import math
import socket
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest
import requests
from gridobs_exporters.pages import Request, Response, Route, text
from gridobs_exporters.web.clients import Budget, Clients
from gridobs_exporters.web.server import ExporterServer

if TYPE_CHECKING:
    from tests.unit.exporters.web.conftest import Now, Serve

OK = requests.codes.ok


def echo(request: Request) -> Response:
    return Response(body=b"%s %s %d" % (request.method.encode(), request.path.encode(), len(request.body)))


def fails(_request: Request) -> Response:
    raise RuntimeError("broken page")


@dataclass
class Gate:
    """A page that says when it was asked and answers when it may."""

    asked: threading.Event = field(default_factory=threading.Event)
    may: threading.Event = field(default_factory=threading.Event)

    def answer(self, _request: Request) -> Response:
        self.asked.set()
        assert self.may.wait(10)
        return text(HTTPStatus.OK, "at last")


def connect(server: ExporterServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.server_port), timeout=10)


def said(client: socket.socket) -> str:
    """All that comes until the server closes."""
    return b"".join(iter(lambda: client.recv(4096), b"")).decode()


def raw(server: ExporterServer, *lines: str, body: str = "") -> str:
    with connect(server) as client:
        client.sendall(("\r\n".join((*lines, "", "")) + body).encode())
        return said(client)


def test_a_route_is_asked_by_its_method_and_path(serve: Serve) -> None:
    url = serve(Route(path="/echo", answer=echo), Route(path="/echo", method="POST", answer=echo)).url

    assert requests.get(f"{url}/echo?a=b", timeout=10).text == "GET /echo 0"
    assert requests.post(f"{url}/echo", data=b"12345", timeout=10).text == "POST /echo 5"
    assert requests.head(f"{url}/echo", timeout=10).headers["Content-Length"] == "12"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/logs", 200), ("/logs/edge/eu", 200), ("/logs/", 200), ("/logsx", 404), ("/log", 404), ("/logs/fixed", 405)],
)
def test_a_route_with_what_is_below_it_leaves_longer_paths_to_their_own(serve: Serve, path: str, status: int) -> None:
    server = serve(
        Route(path="/logs", method="POST", below=True, answer=echo), Route(path="/logs/fixed", answer=echo)
    )

    assert requests.post(server.url + path, data=b"x", timeout=10).status_code == status


def test_without_a_host_it_listens_on_both_families(now: Now) -> None:
    server = ExporterServer(("", 0), [Route(path="/echo", answer=echo)], clock=now.clock)
    server.serve()
    hosts = ["127.0.0.1", "[::1]"] if socket.has_dualstack_ipv6() else ["127.0.0.1"]
    answers = [requests.get(f"http://{host}:{server.server_port}/echo", timeout=10).status_code for host in hosts]
    server.shutdown()
    server.server_close()

    assert answers == [OK] * len(hosts)


def test_a_method_that_is_not_for_a_path_is_told_which_are(serve: Serve) -> None:
    url = serve(Route(path="/a", answer=echo), Route(path="/b", method="POST", answer=echo)).url
    answers = [requests.delete(f"{url}/a", timeout=10), requests.get(f"{url}/b", timeout=10)]

    assert [answer.status_code for answer in answers] == [405, 405]
    assert [answer.headers["Allow"] for answer in answers] == ["GET, HEAD", "POST"]


@pytest.mark.parametrize("path", ["/nothing", "/echo/", "/../etc/passwd", "/-/", "//echo/x"])
def test_anything_else_is_not_found(serve: Serve, path: str) -> None:
    server = serve(Route(path="/echo", answer=echo))

    assert raw(server, f"GET {path} HTTP/1.0").startswith("HTTP/1.1 404 ")


@pytest.mark.parametrize(
    "line", ["GET http://[ HTTP/1.1", f"GET /echo?{'&'.join(['a=b'] * 101)} HTTP/1.1", "GET / HTTP/x", "ä", "G E T /"]
)
def test_what_is_no_request_is_a_bad_one(serve: Serve, line: str) -> None:
    answer = raw(serve(Route(path="/echo", answer=echo)), line, "Connection: close")

    assert answer.startswith("HTTP/1.1 400 ")
    assert "Content-Type: text/plain" in answer


def test_a_head_that_is_too_long_is_refused(serve: Serve) -> None:
    server = serve(Route(path="/echo", answer=echo))
    few, many = ([f"X-{number}: {'a' * 1000}" for number in range(lines)] for lines in (50, 70))

    assert raw(server, "GET /echo HTTP/1.0", *few).startswith("HTTP/1.1 200 ")
    assert raw(server, "GET /echo HTTP/1.0", *many).startswith("HTTP/1.1 431 ")
    assert raw(server, "GET /" + "a" * 70_000).startswith("HTTP/1.1 414 ")


def test_a_page_that_fails_is_a_500_and_a_line_in_the_log(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    url = serve(Route(path="/fails", answer=fails), Route(path="/echo", answer=echo)).url
    with caplog.at_level(logging.ERROR):
        answer = requests.get(f"{url}/fails", timeout=10)

    assert answer.status_code == requests.codes.server_error
    assert "broken page" not in answer.text
    assert "GET /fails failed" in caplog.messages
    assert requests.get(f"{url}/echo", timeout=10).status_code == OK


@pytest.mark.parametrize(("length", "status"), [(10, 200), (11, 413), (9_000_000, 413)])
def test_a_body_has_a_limit_and_who_sends_more_is_told(serve: Serve, length: int, status: int) -> None:
    url = serve(Route(path="/in", method="POST", body_limit=10, answer=echo)).url

    assert requests.post(f"{url}/in", data=b"x" * length, timeout=10).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (["Transfer-Encoding: chunked"], 411),
        (["Transfer-Encoding: chunked", "Content-Length: 3"], 411),
        (["Content-Length: 3", "Content-Length: 4"], 400),
        (["Content-Length: -1"], 400),
        (["Content-Length: three"], 400),
        (["Content-Length: 99"], 400),
    ],
)
def test_a_body_whose_length_is_in_doubt_is_refused_and_nothing_after_it_is_read(
    serve: Serve, headers: list[str], status: int
) -> None:
    server = serve(Route(path="/in", method="POST", answer=echo))
    with connect(server) as client:
        client.sendall("\r\n".join(["POST /in HTTP/1.1", *headers, "", "GET /in HTTP/1.1", "", ""]).encode())
        client.shutdown(socket.SHUT_WR)
        answer = said(client)

    assert answer.startswith(f"HTTP/1.1 {status} ")
    assert "Connection: close" in answer
    assert answer.count("HTTP/1.1") == 1


def test_a_connection_is_kept_for_the_next_request_also_after_a_body(serve: Serve) -> None:
    server = serve(Route(path="/in", method="POST", answer=echo), Route(path="/echo", answer=echo))
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.connect()
    kept = connection.sock
    texts = []
    for method, path, body in (("POST", "/in", b"12"), ("GET", "/echo", None), ("GET", "/no", None)):
        connection.request(method, path, body)
        texts.append(connection.getresponse().read())

    assert texts[:2] == [b"POST /in 2", b"GET /echo 0"]
    assert connection.sock is kept
    connection.close()


def test_an_answer_is_compressed_for_those_who_take_that(serve: Serve) -> None:
    server = serve(Route(path="/long", answer=lambda _: Response(body=b"a" * 5000)))
    plain = raw(server, "GET /long HTTP/1.0", "Accept-Encoding: identity")
    zipped = requests.get(f"{server.url}/long", stream=True, timeout=10)

    assert plain.endswith("\r\n\r\n" + "a" * 5000)
    assert gzip.decompress(zipped.raw.read()) == b"a" * 5000


def test_more_requests_than_it_takes_at_once_are_turned_away_but_for_health(serve: Serve) -> None:
    gate = Gate()
    server = serve(
        Route(path="/slow", answer=gate.answer), Route(path="/-/healthy", answer=echo, always=True), max_requests=1
    )
    first: list[int] = []
    asking = threading.Thread(target=lambda: first.append(requests.get(f"{server.url}/slow", timeout=20).status_code))
    asking.start()
    assert gate.asked.wait(10)
    full = requests.get(f"{server.url}/slow", timeout=10)
    healthy = requests.get(f"{server.url}/-/healthy", timeout=10)
    gate.may.set()
    asking.join()

    assert (full.status_code, full.headers["Retry-After"]) == (503, "1")
    assert healthy.status_code == OK
    assert first == [OK]
    assert requests.get(f"{server.url}/slow", timeout=10).status_code == OK


@pytest.mark.parametrize("begun", [b"", b"GET /ec", b"GET /echo HTTP/1.1\r\nHost: a\r\nX", b"POST /in HTTP/1.1\r\n"])
def test_a_client_that_does_not_finish_its_request_is_dropped_and_holds_nobody(
    serve: Serve, now: Now, begun: bytes
) -> None:
    server = serve(Route(path="/echo", answer=echo), clock=now.clock)
    with connect(server) as slow:
        slow.sendall(begun)
        assert requests.get(f"{server.url}/echo", timeout=10).status_code == OK
        now.now = 11.0

        assert said(slow) == ""
    assert requests.get(f"{server.url}/echo", timeout=10).status_code == OK


def test_a_body_that_does_not_come_is_not_waited_for_for_ever(serve: Serve, now: Now) -> None:
    server = serve(Route(path="/in", method="POST", answer=echo), clock=now.clock)
    with connect(server) as slow:
        slow.sendall(b"POST /in HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n12345")
        assert slow.recv(4096).startswith(b"HTTP/1.1 100 ")
        now.now = 31.0

        assert "200" not in said(slow)


def test_bodies_have_a_limit_together_that_only_counts_what_came(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(Route(path="/in", method="POST", answer=echo))
    monkeypatch.setattr(server, "bodies", Budget(100_000))
    head = b"POST /in HTTP/1.1\r\nContent-Length: 90000\r\n\r\n"
    with connect(server) as slow:
        slow.sendall(head + b"x" * 20_000)  # not a whole piece yet
        answers = [
            requests.post(f"{server.url}/in", data=b"x" * size, timeout=10) for size in (90_000, 110_000, 90_000)
        ]

    assert [answer.status_code for answer in answers] == [200, 503, 200]


def test_slow_bodies_do_not_use_up_the_requests_answered_at_once(serve: Serve) -> None:
    server = serve(Route(path="/in", method="POST", answer=echo), Route(path="/echo", answer=echo), max_requests=1)
    with connect(server) as slow:
        slow.sendall(b"POST /in HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n1")
        assert slow.recv(100).startswith(b"HTTP/1.1 100 ")

        assert requests.get(f"{server.url}/echo", timeout=10).status_code == OK


def test_a_client_that_does_not_take_its_answer_is_dropped(serve: Serve, now: Now) -> None:
    sent = threading.Event()

    def long(_request: Request) -> Response:
        sent.set()
        return Response(body=b"a" * (64 << 20))

    server = serve(Route(path="/long", answer=long), clock=now.clock, max_requests=1)
    others = set(threading.enumerate())
    with connect(server) as slow:
        slow.sendall(b"GET /long HTTP/1.1\r\n\r\n")
        assert sent.wait(10)
        assert slow.recv(1) == b"H"
        (serving,) = set(threading.enumerate()) - others
        now.now = 31.0
        serving.join(10)

        assert not serving.is_alive()


def test_who_has_kept_the_server_waiting_longest_makes_room_for_the_next(now: Now) -> None:
    clients = Clients(now.clock, most=3)
    pairs = [socket.socketpair() for _ in range(4)]
    for now.now, (_, ours) in enumerate(pairs[:3]):
        clients.admit(ours)
    now.now = 0.0
    clients.wait(pairs[0][1], math.inf)  # waits for the server, and stays
    clients.admit(pairs[3][1])

    assert [is_open(theirs) for theirs, _ in pairs] == [True, False, True, True]
    for pair in pairs:
        for end in pair:
            end.close()


def test_a_crowd_that_says_nothing_does_not_keep_others_out(serve: Serve) -> None:
    server = serve(Route(path="/echo", answer=echo), max_requests=1)
    silent = [connect(server) for _ in range(70)]

    assert requests.get(f"{server.url}/echo", timeout=10).status_code == OK
    for client in silent:
        client.close()


def is_open(client: socket.socket) -> bool:
    client.settimeout(0)
    try:
        return client.recv(1) != b""
    except BlockingIOError:
        return True

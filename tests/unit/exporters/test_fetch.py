"""GET with every limit set."""

from __future__ import annotations

import gzip
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.fetch import Fetcher, FetchError, StatusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients of tests break off
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def says(body: bytes, *, status: int = 200, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def test_what_is_compressed_is_unpacked() -> None:
    with serving(says(gzip.compress(b"hello"), Content_Encoding="gzip")) as url:
        assert Fetcher(url).get("/") == b"hello"


def test_an_answer_that_is_no_success_comes_with_its_status() -> None:
    with serving(says(b"not ready", status=503)) as url, pytest.raises(StatusError, match="/x answers 503") as told:
        Fetcher(url).get("/x")

    assert (told.value.status, told.value.body) == (503, b"not ready")


def test_no_redirect_is_followed() -> None:
    with serving(says(b"", status=302, Location="http://127.0.0.1:1/")) as url, pytest.raises(StatusError) as told:
        Fetcher(url).get("/")

    assert told.value.status == 302


def test_headers_are_asked_for_anew_each_time() -> None:
    tokens = iter(("first", "second"))
    seen: list[str | None] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.headers["Authorization"])
        says(b"")(handler)

    with serving(answer) as url:
        fetcher = Fetcher(url, headers=lambda: {"Authorization": next(tokens)})
        fetcher.get("/")
        fetcher.get("/")

    assert seen == ["first", "second"]


@pytest.mark.parametrize("compress", [False, True])
def test_an_answer_that_is_too_large_is_given_up(*, compress: bool) -> None:
    body = bytes(1_000_000)
    answer = says(gzip.compress(body), Content_Encoding="gzip") if compress else says(body)
    with serving(answer) as url, pytest.raises(FetchError, match="more than 70000 bytes"):
        Fetcher(url).get("/", largest=70_000)


@pytest.mark.parametrize("body", [gzip.compress(b"hello" * 1000)[:-20], b"not gzip at all"])
def test_what_cannot_be_unpacked_is_no_answer(body: bytes) -> None:
    with serving(says(body, Content_Encoding="gzip")) as url, pytest.raises(FetchError):
        Fetcher(url).get("/")


def test_a_body_that_comes_drop_by_drop_is_given_up_in_time() -> None:
    ended = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        while not ended.wait(0.05):
            handler.wfile.write(b".")

    with serving(drip) as url:
        began = time.monotonic()
        with pytest.raises(FetchError, match="takes too long"):
            Fetcher(url).get("/", timeout=0.5)
        took = time.monotonic() - began
        ended.set()

    assert took < 15


def test_a_server_that_is_gone_is_told_without_urllib3s_own_words() -> None:
    with serving(says(b"")) as url:
        pass
    with pytest.raises(FetchError) as told:
        Fetcher(url).get("/")

    assert "Connection refused" in str(told.value)
    assert "object at 0x" not in str(told.value)

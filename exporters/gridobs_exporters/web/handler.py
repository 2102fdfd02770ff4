"""One connection: requests in, the routes' answers out."""

from __future__ import annotations

import gzip
import io
import logging
import math
import re
from dataclasses import replace
from http import HTTPStatus
from http.client import LineTooLong
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from prometheus_client.exposition import gzip_accepted

from gridobs_exporters.pages import TEXT, Request, Response, Route, text
from gridobs_exporters.web.clients import BODY, NEXT_REQUEST, TAKING
from gridobs_exporters.web.routes import find

if TYPE_CHECKING:
    from gridobs_exporters.web.server import ExporterServer

_MOST_PARAMETERS = 100
_MOST_HEAD = 1 << 16  # bytes, without the first line
_PIECE = 1 << 16  # bytes
_WORTH_ZIPPING = 512  # bytes
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Vary": "Accept, Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
}

log = logging.getLogger(__name__)


class _Head(io.BufferedIOBase):
    """The head of a request, which http.server alone would let grow to 6 MB."""

    def __init__(self, whole: io.BufferedIOBase) -> None:
        self._whole = whole
        self._left = _MOST_HEAD

    def readline(self, size: int | None = -1, /) -> bytes:
        line = self._whole.readline(size)
        self._left -= len(line)
        if self._left < 0:
            raise LineTooLong("head")
        return line


class Handler(BaseHTTPRequestHandler):
    server: ExporterServer
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # of a line that names none; 0.9 would be answered without headers
    server_version = "gridobs-exporter"
    sys_version = ""
    error_message_format = "%(code)d %(message)s\n"
    error_content_type = TEXT
    wbufsize = 1 << 16  # headers and a short body leave in one packet
    disable_nagle_algorithm = True

    def log_message(self, *_args: object) -> None:
        """Keep quiet: a line a scrape would bury what matters."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """For what http.server itself finds wrong with a request."""
        super().send_error(code, message, explain)
        self.wfile.flush()
        self.server.clients.linger(self.request)

    def parse_request(self) -> bool:
        whole, self.rfile = self.rfile, _Head(self.rfile)
        try:
            return super().parse_request()
        finally:
            self.rfile = whole

    def handle_one_request(self) -> None:
        super().handle_one_request()
        self.server.clients.wait(self.request, NEXT_REQUEST)

    def handle_expect_100(self) -> bool:
        """Wait: only who may send a body is asked for it."""
        return True

    def version_string(self) -> str:
        return self.server_version

    def do_GET(self) -> None:
        self.server.clients.wait(self.request, math.inf)
        self._unread = "Transfer-Encoding" in self.headers or self.headers.get("Content-Length", "0") != "0"
        response = self._response()
        if response is None:
            self.close_connection = True
            return
        self.server.clients.wait(self.request, TAKING)
        self.close_connection |= self._unread  # what is left of a body would pass for the next request
        self._send(response)
        if self._unread:
            self.server.clients.linger(self.request)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815 - names that http.server looks for

    def _response(self) -> Response | None:
        """None if TLS has changed since the client came: it must come again, and will be asked who it is."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        tls = self.server.guard.config().tls
        if getattr(self.connection, "context", None) is not (tls and tls.context):
            return None
        if refused := self.server.guard.refusal(headers):
            return refused
        return self._answer(headers)

    def _answer(self, headers: dict[str, str]) -> Response:
        try:
            url = urlsplit(self.path)
            query = parse_qs(url.query, max_num_fields=_MOST_PARAMETERS)
        except ValueError:
            return text(HTTPStatus.BAD_REQUEST, "This address cannot be understood.")
        route = find(self.server.routes, self.command, url.path)
        if isinstance(route, Response):
            return route
        length = self._length(route.body_limit)
        if isinstance(length, Response):
            return length
        request = Request(method=self.command, path=url.path, query=query, headers=headers)
        taken: list[bytes] = []
        try:
            return self._take(length, taken) or self._ask(route, replace(request, body=b"".join(taken)))
        finally:
            self.server.bodies.give_back(sum(map(len, taken)))

    def _ask(self, route: Route, request: Request) -> Response:
        if not route.always and not self.server.slots.acquire(blocking=False):
            return text(HTTPStatus.SERVICE_UNAVAILABLE, "Too many requests at once; ask again.", Retry_After="1")
        try:
            return route.answer(request)
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return text(HTTPStatus.INTERNAL_SERVER_ERROR, "This page failed; the log of gridobs-exporter says why.")
        finally:
            if not route.always:
                self.server.slots.release()

    def _length(self, limit: int) -> int | Response:
        """Of the body. It must be told beforehand, as OPA does; that leaves nothing to guess."""
        if "Transfer-Encoding" in self.headers:
            return text(HTTPStatus.LENGTH_REQUIRED, "Send a Content-Length; chunked bodies are not taken.")
        told = self.headers.get_all("Content-Length", ["0"])
        if len(told) > 1 or not re.fullmatch(r"[0-9]{1,18}", told[0]):
            return text(HTTPStatus.BAD_REQUEST, "Content-Length must be one number.")
        if int(told[0]) > limit:
            return text(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {limit} bytes are taken here.")
        return int(told[0])

    def _take(self, length: int, taken: list[bytes]) -> Response | None:
        """Put the body into ``taken``, as far as there is room for it; what to say if it does not get there whole."""
        if length:
            self.server.clients.wait(self.request, BODY)
            if self.headers.get("Expect", "").lower() == "100-continue":
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                self.wfile.flush()
        while length:
            piece = self.rfile.read(min(length, _PIECE))
            if not piece:
                return text(HTTPStatus.BAD_REQUEST, "The body ended early.")
            if not self.server.bodies.take(len(piece)):
                return text(
                    HTTPStatus.SERVICE_UNAVAILABLE, "Too many bodies at once; send it again.", Retry_After="1"
                )
            taken.append(piece)
            length -= len(piece)
        self.server.clients.wait(self.request, math.inf)
        self._unread = False
        return None

    def _send(self, response: Response) -> None:
        body = response.body
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        for name, value in (_HEADERS | dict(response.headers) | dict(self.server.guard.config().headers)).items():
            if value:
                self.send_header(name, value)
        if len(body) >= _WORTH_ZIPPING and gzip_accepted(self.headers.get("Accept-Encoding", "")):
            body = gzip.compress(body, 1)
            self.send_header("Content-Encoding", "gzip")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

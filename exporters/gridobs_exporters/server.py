"""The HTTP side: landing page, health, metrics. Serves before any target is reachable."""

from __future__ import annotations

import gzip
import html
import math
import socket
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder, gzip_accepted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prometheus_client.core import Metric

    from gridobs_exporters.scrape import Scraper

DEFAULT_TIMEOUT = 5.0  # seconds, when the caller does not say how long it waits
_MARGIN = 0.5  # seconds to render and send
_TEXT = "text/plain; charset=utf-8"


def scrape_timeout(header: str | None) -> float:
    """Seconds to give collectors, from Prometheus' ``X-Prometheus-Scrape-Timeout-Seconds``."""
    try:
        offered = float(header or "nan")
    except ValueError:
        return DEFAULT_TIMEOUT
    if not math.isfinite(offered) or offered <= 0:
        return DEFAULT_TIMEOUT
    return max(offered - _MARGIN, offered / 2)


class _Families:
    """One scrape as a collector of a registry of its own."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Sequence[Metric]:
        return self._families

    def describe(self) -> Sequence[Metric]:
        return ()


class _Handler(BaseHTTPRequestHandler):
    server: ExporterServer
    timeout = 30  # seconds a silent client may hold a thread
    server_version = "gridobs-exporter"
    sys_version = ""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        match url.path:
            case self.server.metrics_path:
                self._metrics(parse_qs(url.query).get("collect[]", []))
            case "/":
                self._send(HTTPStatus.OK, self.server.landing_page, "text/html; charset=utf-8")
            case "/-/healthy":
                self._send(HTTPStatus.OK, b"gridobs-exporter is healthy.\n", _TEXT)
            case "/-/ready":
                self._send(HTTPStatus.OK, b"gridobs-exporter is ready.\n", _TEXT)
            case _:
                self._send(HTTPStatus.NOT_FOUND, b"Not found; see / for what is here.\n", _TEXT)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_args: object) -> None:
        """Keep quiet: a line a scrape would bury what matters."""

    def _metrics(self, only: Sequence[str]) -> None:
        scraper = self.server.scraper
        if unknown := sorted(set(only).difference(scraper.names)):
            text = f"No collector {', '.join(unknown)} here; there is {', '.join(scraper.names)}.\n"
            self._send(HTTPStatus.BAD_REQUEST, text.encode(), _TEXT)
            return
        timeout = scrape_timeout(self.headers.get("X-Prometheus-Scrape-Timeout-Seconds"))
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Families(list(scraper.scrape(only=set(only), timeout=timeout))))
        encode, content_type = choose_encoder(self.headers.get("Accept", ""))
        body = encode(registry)
        zipped = gzip_accepted(self.headers.get("Accept-Encoding", ""))
        self._send(HTTPStatus.OK, gzip.compress(body, 1) if zipped else body, content_type, gzipped=zipped)

    def _send(self, status: HTTPStatus, body: bytes, content_type: str, *, gzipped: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if gzipped:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class ExporterServer(ThreadingHTTPServer):
    """Serves ``scraper`` on ``address``, a host and a port (0 lets the system choose).

    Raises:
        OSError: If the address cannot be bound.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], *, metrics_path: str, scraper: Scraper) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.metrics_path = metrics_path
        self.scraper = scraper
        link = html.escape(metrics_path, quote=True)
        self.landing_page = (
            '<!doctype html><html lang="en"><title>gridobs-exporter</title><h1>gridobs-exporter</h1>'
            f'<p>Collectors: {", ".join(scraper.names)}</p><ul><li><a href="{link}">{link}</a></li>'
            '<li><a href="/-/healthy">/-/healthy</a></li><li><a href="/-/ready">/-/ready</a></li></ul></html>\n'
        ).encode()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Without HTTPServer's reverse look-up of the address, which hangs on a site that is cut off."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        name = str(host)
        return f"http://{f'[{name}]' if ':' in name else name}:{port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is its own affair; anything else is a defect and is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # passed through as it came

    def serve(self) -> threading.Thread:
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, name="http", daemon=True)
        thread.start()
        return thread

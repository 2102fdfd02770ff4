"""A broker's statistics page served as a test wants it: whole, slow, refused, cut off."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

FIXTURES = Path(__file__).parents[3] / "fixtures" / "mqtt"
TIMEOUT = 30.0  # seconds a page that hangs is held at most


@dataclass
class Page:
    """What is served and what was asked. ``hang`` keeps the answer back until ``let_go`` is set."""

    body: bytes = b""
    status: int = 200
    length: int | None = None  # what Content-Length claims, if not the truth
    hang: bool = False
    url: str = ""
    asked: list[tuple[str, str | None]] = field(default_factory=list)  # path and Authorization
    let_go: threading.Event = field(default_factory=threading.Event)

    def shows(self, kind: str) -> None:
        self.body = (FIXTURES / f"{kind}.prom").read_bytes()


@contextmanager
def page(kind: str, *, tls: ssl.SSLContext | None = None) -> Iterator[Page]:
    """The fixture of ``kind`` on a free port, until the block ends; over HTTPS with ``tls``."""
    served = Page()
    served.shows(kind)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            served.asked.append((self.path, self.headers["Authorization"]))
            if served.hang:
                served.let_go.wait(TIMEOUT)
            self.close_connection = served.hang or served.length is not None
            with suppress(OSError):  # who asked may have gone
                self.send_response(served.status)
                self.send_header("Content-Length", str(len(served.body) if served.length is None else served.length))
                self.end_headers()
                self.wfile.write(served.body)

        def log_message(self, *_: Any) -> None:  # noqa: ANN401 - as the base class has it
            """Tests read what was asked, not a log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        served.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield served
        served.let_go.set()
        server.shutdown()
        thread.join()

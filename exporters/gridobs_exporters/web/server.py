"""Sockets and HTTP around a table of routes. Serves before any target is reachable."""

from __future__ import annotations

import logging
import math
import socket
import ssl
import sys
import threading
from http.server import ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING

from gridobs_exporters.web.clients import Budget, Clients
from gridobs_exporters.web.guard import Guard
from gridobs_exporters.web.handler import Handler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.pages import Route

log = logging.getLogger(__name__)

MAX_REQUESTS = 40  # answered at the same time
_MORE_CLIENTS = 60  # that may be connected besides those being answered
_MOST_BODIES = 32 << 20  # bytes of bodies held at the same time
_QUIET = 60.0  # seconds
_PLAIN_HTTP = b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\n\r\nThis port speaks HTTPS.\n"


class ExporterServer(ThreadingHTTPServer):
    """Serves ``routes`` on ``address``: a host, where none is every address, and a port, where 0 is any that is free.

    Raises:
        OSError: If the address cannot be bound.
    """

    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        routes: Sequence[Route],
        *,
        clock: Clock,
        max_requests: int = MAX_REQUESTS,
        guard: Guard | None = None,
    ) -> None:
        self._both = not address[0] and socket.has_dualstack_ipv6()
        self.address_family = socket.AF_INET6 if self._both or ":" in address[0] else socket.AF_INET
        self.routes = tuple(routes)
        self.slots = threading.BoundedSemaphore(max_requests)
        self.guard = guard or Guard(None, clock=clock)
        self._clock = clock
        self._said: dict[str, float] = {}
        self.bodies = Budget(_MOST_BODIES)
        self.clients = Clients(clock, most=max_requests + _MORE_CLIENTS)
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Without HTTPServer's reverse look-up of the address, which hangs on a site that is cut off."""
        if self._both:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        name = str(host)
        scheme = "https" if self.guard.config().tls else "http"
        return f"{scheme}://{f'[{name}]' if ':' in name else name}:{port}"

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override] # TCP has no other
        self.clients.admit(request)
        serving = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), name="http-client", daemon=True
        )
        serving.start()

    def finish_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override] # as above
        """In the client's own thread: a handshake may take its time and holds nobody."""
        tls = self.guard.config().tls
        if tls is None:
            super().finish_request(request, client_address)
            return
        secured = self.clients.secure(request, tls.context)
        try:
            secured.do_handshake()
            if tls.admits(secured.getpeercert()):
                super().finish_request(secured, client_address)
            else:
                self._say("its certificate has none of client_allowed_sans", client_address)
        except ssl.SSLError as error:
            self._refuse_tls(error, secured, client_address)
        finally:
            self.clients.dismiss(secured)
            secured.close()

    def _refuse_tls(self, error: ssl.SSLError, client: socket.socket, address: object) -> None:
        if error.reason == "HTTP_REQUEST":
            socket.socket.sendall(client, _PLAIN_HTTP)
            self.clients.linger(client)
        elif not isinstance(error, ssl.SSLEOFError):  # who only looks whether the port is open goes like that
            self._say((error.reason or str(error)).lower().replace("_", " "), address)

    def _say(self, reason: str, address: object) -> None:
        """Log why a client was not let in, each reason once a minute: clients come again and again."""
        now = self._clock.monotonic()
        if now - self._said.get(reason, -math.inf) >= _QUIET:
            self._said[reason] = now
            log.warning("a client at %s was refused: %s", address, reason)

    def close_request(self, request: socket.socket) -> None:  # type: ignore[override] # as above
        self.clients.dismiss(request)
        super().close_request(request)

    def service_actions(self) -> None:
        self.clients.drop_overdue()

    def handle_error(self, _request: object, client_address: object) -> None:
        """A client that went away is its own affair; anything else is a defect and is shown."""
        error = sys.exception()
        if not isinstance(error, OSError):
            log.error("a request from %s failed", client_address, exc_info=error)

    def serve(self) -> threading.Thread:
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, name="http", daemon=True)
        thread.start()
        return thread

"""Sockets and HTTP around a table of routes. Serves before any target is reachable."""

from __future__ import annotations

import logging
import socket
import sys
import threading
from http.server import ThreadingHTTPServer
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING

from gridobs_exporters.web.clients import Clients
from gridobs_exporters.web.handler import Handler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.pages import Route

log = logging.getLogger(__name__)

MAX_REQUESTS = 40  # answered at the same time
_MORE_CLIENTS = 60  # that may be connected besides those being answered


class ExporterServer(ThreadingHTTPServer):
    """Serves ``routes`` on ``address``, a host and a port (0 lets the system choose).

    Raises:
        OSError: If the address cannot be bound.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        routes: Sequence[Route],
        *,
        clock: Clock,
        max_requests: int = MAX_REQUESTS,
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.routes = tuple(routes)
        self.slots = threading.BoundedSemaphore(max_requests)
        self.clients = Clients(clock, most=max_requests + _MORE_CLIENTS)
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Without HTTPServer's reverse look-up of the address, which hangs on a site that is cut off."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        name = str(host)
        return f"http://{f'[{name}]' if ':' in name else name}:{port}"

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override] # TCP has no other
        self.clients.admit(request)
        ThreadingMixIn.process_request(self, request, client_address)

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

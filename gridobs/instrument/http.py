"""``/metrics`` over HTTP: a thread of the processor, with content negotiation by prometheus_client."""

from __future__ import annotations

import errno
import logging
import socket
from contextlib import suppress
from dataclasses import dataclass
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import make_wsgi_app

from gridobs.errors import GridObsError, PortTaken

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from prometheus_client import CollectorRegistry

PATH = "/metrics"
_IDLE_SECONDS = 5
_MAX_PORT = 65535
_log = logging.getLogger(__name__)


class _Server(ThreadingMixIn, WSGIServer):
    """Ends with its threads: answers under way are sent, clients that have not asked yet are let go."""

    def __init__(self, address: tuple[str, int], handler: type[WSGIRequestHandler]) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as inherited
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as inherited
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        for request in self._open.copy():
            with suppress(OSError):  # it has just been closed by its own thread
                request.shutdown(socket.SHUT_RD)
        super().server_close()

    def server_bind(self) -> None:
        """Bind without the reverse DNS look-up of the standard server, which hangs at a site that is cut off."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002, ANN401 - as inherited
        _log.debug("a client of %s went away: %s", PATH, client_address, exc_info=True)


class _Handler(WSGIRequestHandler):
    timeout = _IDLE_SECONDS  # a client that sends nothing holds its thread no longer

    def log_message(self, *_: object) -> None:
        """Say nothing; a scrape is not news."""


@dataclass(frozen=True, slots=True)
class HttpServer:
    """A listening socket that answers once ``start`` is called."""

    port: int
    _server: _Server
    _thread: Thread

    @classmethod
    def bind(cls, registry: CollectorRegistry, *, host: str, port: int) -> HttpServer:
        """Take ``port`` of ``host``, an address or a name; port 0 lets the system choose.

        Raises:
            PortTaken: Another program listens there.
            GridObsError: The address cannot be used for another reason.
        """
        where = f"{host}:{port}"
        if not 0 <= port <= _MAX_PORT:
            raise GridObsError(f"cannot serve {PATH} on {where}: no such port; give one from 1 to {_MAX_PORT}")
        try:
            family, _, _, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            server = type("_FamilyServer", (_Server,), {"address_family": family})(address[:2], _Handler)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(
                    f"cannot serve {PATH} on {where}: the port is in use; choose another, or stop the program that "
                    f"holds it (ss -ltnp 'sport = :{port}' shows it)"
                ) from None
            raise GridObsError(
                f"cannot serve {PATH} on {where}: {error.strerror}; "
                "give an address of this machine, such as 127.0.0.1, and a port above 1023"
            ) from None
        server.set_app(_only_metrics(make_wsgi_app(registry)))
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="metrics", daemon=True)
        return cls(server.server_port, server, thread)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Free the port and every thread."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


def _only_metrics(metrics: WSGIApplication) -> WSGIApplication:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == PATH:
            return metrics(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [f"metrics are at {PATH}\n".encode()]

    return application

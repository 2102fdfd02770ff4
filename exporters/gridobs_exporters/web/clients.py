"""How long a client may take. One that is slow, silent or half gone costs a thread, for a bounded time."""

from __future__ import annotations

import math
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    from gridobs_exporters.clock import Clock

FIRST_REQUEST = 10.0  # seconds from connecting to the end of the first request's headers, TLS included
NEXT_REQUEST = 120.0  # seconds a kept connection may wait for another request; scrapes come every 15 to 60
BODY = 30.0  # seconds to send a body
LINGER = 2.0  # seconds after an answer for what the client is still sending
TAKING = 30.0  # seconds to take an answer


@dataclass(slots=True)
class _Client:
    since: float  # waits for the client since then
    until: float  # may wait so long; infinite while the client waits for us


class Clients:
    """The connected clients and until when the server waits for each.

    A client that is overdue, or has kept the server waiting for longest when there are too many, is disconnected by
    shutting its socket down, which wakes the thread that serves it wherever it is.
    """

    def __init__(self, clock: Clock, *, most: int) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._clients: dict[socket.socket, _Client] = {}

    def admit(self, client: socket.socket) -> None:
        """Take it in, in the place of the one that has been waited for longest if there is no other."""
        with self._lock:
            waiting = [key for key, one in self._clients.items() if one.until < math.inf]
            if len(self._clients) >= self._most and waiting:
                self._drop(min(waiting, key=lambda key: self._clients[key].since))
            now = self._clock.monotonic()
            self._clients[client] = _Client(now, now + FIRST_REQUEST)

    def wait(self, client: socket.socket, seconds: float) -> None:
        """The server waits for the client now, for ``seconds`` at most; infinite while the client waits for it."""
        with self._lock:
            if known := self._clients.get(client):
                known.since = self._clock.monotonic()
                known.until = known.since + seconds

    def secure(self, client: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
        """The client with TLS around it, before the handshake; it is known by that from now on."""
        with self._lock:  # the descriptor moves: nobody may shut it down meanwhile
            secured = context.wrap_socket(client, server_side=True, do_handshake_on_connect=False)
            if known := self._clients.pop(client, None):
                self._clients[secured] = known
            return secured

    def linger(self, client: socket.socket) -> None:
        """Take what is still on its way: a socket closed before that resets, and the client loses the answer."""
        self.wait(client, LINGER)
        with suppress(OSError):
            socket.socket.shutdown(client, socket.SHUT_WR)
            while socket.socket.recv(client, 1 << 16):
                pass

    def dismiss(self, client: socket.socket) -> None:
        with self._lock:
            self._clients.pop(client, None)

    def drop_overdue(self) -> None:
        with self._lock:
            now = self._clock.monotonic()
            for client in [key for key, one in self._clients.items() if one.until <= now]:
                self._drop(client)

    def _drop(self, client: socket.socket) -> None:
        del self._clients[client]
        with suppress(OSError):
            socket.socket.shutdown(client, socket.SHUT_RDWR)


class Budget:
    """Bytes that may be held at the same time, however many clients send them."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        with self._lock:
            if size > self._left:
                return False
            self._left -= size
            return True

    def give_back(self, size: int) -> None:
        with self._lock:
            self._left += size

"""How long a client may take. One that is slow, silent or half gone costs a thread, for a bounded time."""

from __future__ import annotations

import math
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gridobs_exporters.clock import Clock

FIRST_REQUEST = 10.0  # seconds from connecting to the end of the first request's headers, TLS included
NEXT_REQUEST = 120.0  # seconds a kept connection may wait for another request; scrapes come every 15 to 60
BODY = 30.0  # seconds to send a body
TAKING = 30.0  # seconds to take an answer


@dataclass(slots=True)
class _Client:
    socket: socket.socket
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
            waiting = [one for one in self._clients.values() if one.until < math.inf]
            if len(self._clients) >= self._most and waiting:
                _shut(min(waiting, key=lambda one: one.since))
            now = self._clock.monotonic()
            self._clients[client] = _Client(client, now, now + FIRST_REQUEST)

    def wait(self, client: socket.socket, seconds: float) -> None:
        """The server waits for the client now, for ``seconds`` at most; infinite while the client waits for it."""
        with self._lock:
            if known := self._clients.get(client):
                known.since = self._clock.monotonic()
                known.until = known.since + seconds

    def dismiss(self, client: socket.socket) -> None:
        with self._lock:
            self._clients.pop(client, None)

    def drop_overdue(self) -> None:
        with self._lock:
            now = self._clock.monotonic()
            for client in self._clients.values():
                if client.until <= now:
                    _shut(client)


def _shut(client: _Client) -> None:
    with suppress(OSError):
        socket.socket.shutdown(client.socket, socket.SHUT_RDWR)

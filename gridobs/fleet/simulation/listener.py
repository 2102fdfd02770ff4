"""The socket of one simulated edge, opened and closed as its behaviour wants it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gridobs.fleet.simulation import http
from gridobs.fleet.simulation.behaviours import Behaviour

if TYPE_CHECKING:
    import ssl

    from gridobs.fleet.simulation.edge import Edge


class Listener:
    """Answers ``GET /federate`` for one edge."""

    def __init__(self, edge: Edge, *, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self.edge = edge
        self._host, self._port, self._tls = host, port, tls
        self._server: asyncio.Server | None = None
        self._connections: set[http.Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flapping: asyncio.Task[None] | None = None

    async def open(self) -> None:
        if self._server is None:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: http.Connection(self), self._host, self._port, ssl=self._tls
            )

    def close(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()

    def cut(self) -> None:
        for connection in list(self._connections):
            connection.abort()

    async def behave(self, behaviour: Behaviour, *, seconds: float) -> None:
        """From now on; ``seconds`` is for those behaviours that take time."""
        if self._flapping:
            self._flapping.cancel()
            self._flapping = None
        before = self.edge.behaviour
        self.edge.behaviour, self.edge.seconds = behaviour, seconds
        if behaviour is Behaviour.REFUSE:
            self.close()
            return
        await self.open()
        if behaviour is Behaviour.FLAPPING:
            self._flapping = asyncio.create_task(self._flap(seconds))
        if before in {Behaviour.HANG, Behaviour.LOSSY}:
            self.cut()  # what hangs would hang for ever

    def opened(self, connection: http.Connection) -> None:
        self._connections.add(connection)

    def closed(self, connection: http.Connection) -> None:
        self._connections.discard(connection)

    def handle(self, connection: http.Connection, head: bytes, _: bytes) -> None:
        if not head.startswith(b"GET /federate"):
            connection.send(http.plain("403 Forbidden", "only GET /federate\n"))
            return
        if not self.edge.answers():
            return
        answer, body = self.edge.answer(gzip=http.accepts_gzip(head))
        counts = self.edge.counts
        counts.answered += 1
        counts.body_bytes += len(body)
        counts.wire_bytes += len(head) + len(answer) + len(body) + 4
        if self.edge.behaviour is Behaviour.SLOW:
            task = asyncio.create_task(http.drip(connection, answer + body, over=self.edge.seconds))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            connection.send(answer + body)

    async def _flap(self, seconds: float) -> None:
        while True:
            self.close()
            await asyncio.sleep(seconds)
            await self.open()
            await asyncio.sleep(seconds)

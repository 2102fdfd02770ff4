"""As much of HTTP/1.1 as a scraper speaks: GET after GET on one connection."""

from __future__ import annotations

import asyncio
from typing import Protocol

_HEAD_MOST = 16_384
_END = b"\r\n\r\n"


class Handler(Protocol):
    """Whoever answers the requests of one listener."""

    def handle(self, connection: Connection, head: bytes, body: bytes) -> None:
        """Answer, now or later or never. ``head`` is without the empty line at its end."""

    def opened(self, connection: Connection) -> None:
        """Told of each connection once."""

    def closed(self, connection: Connection) -> None:
        """Told when it is over."""


class Connection(asyncio.Protocol):
    """One connection; requests come one after the other, as scrapers send them."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._received = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - says so to the type checker
        self.transport = transport
        self._handler.opened(self)

    def connection_lost(self, _: Exception | None) -> None:
        self._handler.closed(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(_END)
        if end < 0:
            if len(self._received) > _HEAD_MOST:
                self.abort()
            return
        head = self._received[:end]
        length = _content_length(head)
        if len(self._received) < end + len(_END) + length:
            return
        body = self._received[end + len(_END) : end + len(_END) + length]
        self._received = self._received[end + len(_END) + length :]
        self._handler.handle(self, head, body)

    def send(self, data: bytes) -> None:
        if self.transport and not self.transport.is_closing():
            self.transport.write(data)

    def abort(self) -> None:
        """End it at once, as a machine that has gone."""
        if self.transport:
            self.transport.abort()


def accepts_gzip(head: bytes) -> bool:
    found = head.lower().partition(b"\r\naccept-encoding:")[2].partition(b"\r\n")[0]
    return b"gzip" in found


def plain(status: str, text: str) -> bytes:
    """A whole answer with a short text."""
    body = text.encode()
    return f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _content_length(head: bytes) -> int:
    found = head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0].strip()
    return int(found) if found.isdigit() else 0


async def drip(connection: Connection, data: bytes, *, over: float, pieces: int = 20) -> None:
    """Send ``data`` in pieces, the last after ``over`` seconds."""
    size = max(1, -(-len(data) // pieces))
    for start in range(0, len(data), size):
        connection.send(data[start : start + size])
        await asyncio.sleep(over / pieces)

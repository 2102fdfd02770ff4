"""GET over HTTP and HTTPS with every limit set: time, size, and no redirect to elsewhere.

On urllib3 alone: requests would cost 4 MB more of the 60 MiB an exporter may take.
"""

from __future__ import annotations

import time
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import urllib3

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

CHUNK = 65536  # bytes read at a time
LARGEST = 64 * 2**20  # bytes of an answer, uncompressed


class FetchError(Exception):
    """There was no answer, or it cannot be used; the text says which and why."""


class StatusError(FetchError):
    """The server answered with something else than success."""

    def __init__(self, path: str, status: int, body: bytes) -> None:
        super().__init__(f"{path} answers {status}")
        self.status = status
        self.body = body


class Fetcher:
    """Keeps connections to ``base_url`` open; ``headers`` is asked anew for each request, for tokens that change."""

    def __init__(
        self,
        base_url: str,
        *,
        tls: ssl.SSLContext | None = None,
        headers: Callable[[], Mapping[str, str]] = dict,
        timeout: float = 5.0,
        connections: int = 2,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = headers
        self._timeout = timeout
        self._pool = urllib3.PoolManager(maxsize=connections, retries=False, ssl_context=tls)

    def get(self, path: str, *, timeout: float | None = None, largest: int = LARGEST) -> bytes:
        """The body of a successful answer.

        Raises:
            StatusError: If the answer is no success; at most 64 KiB of its body come with it.
            FetchError: If there is no answer in time, or it is larger than ``largest`` bytes.
        """
        with self.stream(path, timeout=timeout, largest=largest) as chunks:
            return b"".join(chunks)

    @contextmanager
    def stream(self, path: str, *, timeout: float | None = None, largest: int = LARGEST) -> Iterator[Iterator[bytes]]:
        """As ``get``, a chunk at a time; ``timeout`` bounds all of it. Raises as ``get``, also between chunks."""
        seconds = self._timeout if timeout is None else timeout
        deadline = time.monotonic() + seconds
        try:
            answer = self._pool.request(
                "GET",
                self._base_url + path,
                headers={"Accept-Encoding": "gzip", **self._headers()},
                preload_content=False,
                redirect=False,
                timeout=urllib3.Timeout(total=seconds),
            )
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise FetchError(f"{path}: {_reason(error)}") from error
        whole = False
        try:
            if answer.status // 100 != 2:  # noqa: PLR2004 - 2xx is success
                raise StatusError(path, answer.status, b"".join(_chunks(answer, path, deadline, CHUNK)))
            yield _chunks(answer, path, deadline, largest)
            whole = True
        finally:
            if whole:
                answer.release_conn()
            else:
                answer.close()


def _chunks(answer: urllib3.BaseHTTPResponse, path: str, deadline: float, largest: int) -> Iterator[bytes]:
    size = 0
    try:
        for chunk in _unpacked(_received(answer, path, deadline), answer.headers.get("Content-Encoding"), path):
            size += len(chunk)
            if size > largest:
                raise FetchError(f"{path}: more than {largest} bytes")
            yield chunk
    except (urllib3.exceptions.HTTPError, OSError, zlib.error) as error:
        raise FetchError(f"{path}: {_reason(error)}") from error


def _received(answer: urllib3.BaseHTTPResponse, path: str, deadline: float) -> Iterator[bytes]:
    """What is there, each time, so that a server that sends drop by drop meets the deadline too."""
    while chunk := answer.read1(CHUNK, decode_content=False):
        if time.monotonic() > deadline:
            raise FetchError(f"{path}: takes too long")
        yield chunk


def _unpacked(chunks: Iterator[bytes], encoding: str | None, path: str) -> Iterator[bytes]:
    """Here and not by urllib3, which takes a gzip stream that was cut off for a whole one."""
    if encoding is None:
        yield from chunks
        return
    if encoding != "gzip":
        raise FetchError(f"{path}: comes as {encoding!r}, which was not asked for")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: with gzip's header and checksum
    for chunk in chunks:
        rest = chunk
        while rest:
            yield unpacker.decompress(rest, CHUNK)
            rest = unpacker.unconsumed_tail
    yield unpacker.flush()
    if not unpacker.eof:
        raise FetchError(f"{path}: ended early")


def _reason(error: Exception) -> str:
    """What people need to know of urllib3's nested texts."""
    match error:
        case urllib3.exceptions.NewConnectionError():  # a kind of ConnectTimeoutError
            return str(error).partition(": ")[2] or str(error)
        case urllib3.exceptions.ConnectTimeoutError() | urllib3.exceptions.ReadTimeoutError():
            return "no answer in time"
        case urllib3.exceptions.SSLError():
            return f"TLS: {error}"
    return str(error) or type(error).__name__

"""A body to the events in it, a little at a time: a batch of megabytes costs no more than one event of it.

No text of a batch goes into an error.
"""

from __future__ import annotations

import codecs
import json
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 65_536  # bytes unpacked at a time
LARGEST_EVENT = 1 << 20  # characters

_GZIP = b"\x1f\x8b"
_WITH_GZIP_HEADER = 16 + zlib.MAX_WBITS
_SPACE = re.compile(r"[ \t\r\n]*")


class BatchError(ValueError):
    """What was sent is not a batch."""


class TooLargeError(BatchError):
    """A batch with more in it than is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """``size`` in bytes, uncompressed."""

    size: int = 8 << 20
    events: int = 50_000


def read(body: bytes, limits: Limits) -> Iterator[Any]:
    """The elements of the JSON array in ``body``, gzip or plain.

    Raises:
        TooLargeError: If there is more in it than ``limits`` allow, or an event is longer than ``LARGEST_EVENT``.
        BatchError: If it is no JSON array, is cut off, or nested too deeply; possibly after some events.
    """
    return _events(_Text(unpacked(body, limits.size)), limits.events)


def unpacked(body: bytes, limit: int) -> Iterator[str]:
    """The text of ``body``, gzip or plain. Raises as ``read``; no more than ``limit`` bytes are ever unpacked."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    size = 0
    try:
        for piece in _inflated(body) if body.startswith(_GZIP) else _cut(body):
            size += len(piece)
            if size > limit:
                raise TooLargeError(f"more than {limit} bytes uncompressed")
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise BatchError("not UTF-8") from None


def _cut(body: bytes) -> Iterator[bytes]:
    return (body[at : at + CHUNK] for at in range(0, len(body), CHUNK))


def _inflated(body: bytes) -> Iterator[bytes]:
    inflate = zlib.decompressobj(wbits=_WITH_GZIP_HEADER)
    for packed in _cut(body):
        rest = packed
        while piece := _inflate(inflate, rest):
            yield piece
            rest = inflate.unconsumed_tail
        if inflate.unused_data:
            break
    if not inflate.eof or inflate.unused_data:
        raise BatchError("gzip that is cut off, or has more behind its end")


def _inflate(inflate: zlib._Decompress, packed: bytes) -> bytes:
    try:
        return b"" if inflate.eof and not packed else inflate.decompress(packed, CHUNK)
    except zlib.error:
        raise BatchError("not gzip") from None


class _Text:
    """What is unpacked and not yet read."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._text = ""
        self._at = 0
        self._scan = json.JSONDecoder().raw_decode

    def next(self) -> str:
        """The next character that is no space; none at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def skip(self) -> None:
        """Go past the character that ``next`` gave."""
        self._at += 1

    def value(self) -> Any:  # noqa: ANN401 - whatever JSON can say
        """The JSON that begins here; more is unpacked until it has an end."""
        while True:
            try:
                value, end = self._scan(self._text, self._at)
            except RecursionError:
                raise BatchError("nested too deeply") from None
            except ValueError:
                value, end = None, -1
            if 0 <= end < len(self._text):
                break
            if len(self._text) - self._at > LARGEST_EVENT:
                raise TooLargeError(f"an event of more than {LARGEST_EVENT} characters")
            if not self._more():
                break
        if end < 0:
            raise BatchError("not JSON")
        self._at = end
        return value

    def _more(self) -> bool:
        """Unpack as much again as is waiting, so that a long event is not looked at too often; False at the end."""
        parts = [self._text[self._at :]]
        least = len(parts[0]) or 1
        for piece in self._pieces:
            parts.append(piece)
            least -= len(piece)
            if least <= 0:
                break
        self._text, self._at = "".join(parts), 0
        return len(parts) > 1


def _events(text: _Text, most: int) -> Iterator[Any]:
    if text.next() != "[":
        raise BatchError("not a JSON array")
    text.skip()
    count, more = 0, text.next() != "]"
    while more:
        if count == most:
            raise TooLargeError(f"more than {most} events")
        yield text.value()
        count += 1
        more = text.next() == ","
        if more:
            text.skip()
            text.next()
    if text.next() != "]":
        raise BatchError("not a JSON array")
    text.skip()
    if text.next():
        raise BatchError("more than a JSON array")

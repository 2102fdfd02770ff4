"""Reading the API server's lists one object at a time.

With ``resourceVersion=0`` the API server answers from its memory instead of the datastore, but then ignores ``limit``
(kubernetes/kubernetes#96182): 250 pods are 2 MB of JSON and 15 MB of Python. Only one object of them is held here.
"""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Object = dict[str, Any]
_LARGEST_VALUE = 4 * 2**20  # characters of one object; the API server takes 3 MB at most
_SPACE = " \t\r\n"


class ListError(ValueError):
    """The answer is not a list as the API server gives it."""


class ObjectList:
    """Iterates over ``items`` of a list that comes in ``chunks``; what stands beside it is in ``fields`` afterwards.

    Raises:
        ListError: While iterating, if this is not a whole JSON object with objects as its items.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._decoder = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self.fields: Object = {}

    def __iter__(self) -> Iterator[Object]:
        self._expect("{")
        if self._next() == "}":
            return
        while True:
            key = self._value()
            if not isinstance(key, str):
                raise ListError("a key is not a string")
            self._expect(":")
            if key == "items" and self._next() == "[":
                yield from self._items()
            else:
                self.fields[key] = self._value()
            if self._separator("}"):
                return

    def _items(self) -> Iterator[Object]:
        self._expect("[")
        if self._next() == "]":
            self._at += 1
            return
        while True:
            item = self._value()
            if not isinstance(item, dict):
                raise ListError("an item is not an object")
            yield item
            if self._separator("]"):
                return

    def _separator(self, end: str) -> bool:
        """Whether ``end`` comes; a comma otherwise."""
        if self._next() == end:
            self._at += 1
            return True
        self._expect(",")
        return False

    def _next(self) -> str:
        """The next character that is no space; it stays where it is."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            self._read()

    def _expect(self, character: str) -> None:
        if (found := self._next()) != character:
            raise ListError(f"{character!r} was expected, not {found!r}")
        self._at += 1

    def _value(self) -> Any:  # noqa: ANN401 - whatever JSON can say
        self._next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if len(self._text) - self._at > _LARGEST_VALUE or isinstance(error, RecursionError):
                    raise ListError("a value is too large") from error
            else:
                if end < len(self._text):  # a number at the very end may go on
                    self._at = end
                    return value
            self._read()

    def _read(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            raise ListError("the answer ends too early, or is not JSON")
        self._text = self._text[self._at :] + self._utf8.decode(chunk)
        self._at = 0

"""Waiting for a file system that may never answer."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class OneCall(Generic[T]):
    """Calls ``function`` in a thread, one call at a time, so that one that hangs holds no second thread."""

    def __init__(self, name: str, function: Callable[[], T]) -> None:
        self._name = name
        self._function = function
        self._result: list[T | Exception] = []
        self._done = threading.Event()
        self._done.set()

    def begin(self) -> None:
        """Start a call, or join the one that is under way."""
        if self._done.is_set():
            self._done.clear()
            self._result = []
            threading.Thread(target=self._call, name=self._name, daemon=True).start()

    def result(self, timeout: float) -> T:
        """What the call gave or raised.

        Raises:
            TimeoutError: If it is not done within ``timeout`` seconds.
        """
        if not self._done.wait(timeout):
            raise TimeoutError(f"{self._name}: no answer in time")
        (result,) = self._result
        if isinstance(result, Exception):
            raise result
        return result

    def _call(self) -> None:
        try:
            self._result.append(self._function())
        except Exception as error:  # noqa: BLE001 - who asks for the result gets it
            self._result.append(error)
        finally:
            self._done.set()

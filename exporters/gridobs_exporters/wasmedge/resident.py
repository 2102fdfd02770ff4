"""A thread with a loop of its own that holds on to one socket, and comes back whenever it loses it."""

from __future__ import annotations

import asyncio
import logging
import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING

from gridobs_exporters.names import wasmedge as names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.wasmedge.presence import Presence
    from gridobs_exporters.wasmedge.tally import Tally

log = logging.getLogger(__name__)

_BACKOFF_FIRST, _BACKOFF_LAST = 0.5, 10.0  # seconds


class Resident(ABC):
    """``session`` holds on to containerd until it loses it; what it raises is logged, once for each change."""

    def __init__(self, sockets: Sequence[Path], *, presence: Presence, tally: Tally, clock: Clock) -> None:
        """``sockets``: the first that is there is taken."""
        self._sockets = tuple(sockets)
        self._presence = presence
        self._tally = tally
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wasmedge", daemon=True)
        self._said = ""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join(timeout=2.0)

    @abstractmethod
    async def session(self, socket: Path) -> None: ...

    @abstractmethod
    def ended(self) -> None:
        """Called after each session and when the thread ends."""

    def _cancel(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    def _run(self) -> None:
        with suppress(asyncio.CancelledError):
            asyncio.run(self._forever())

    async def _forever(self) -> None:
        self._loop = asyncio.get_running_loop()
        delay = _BACKOFF_FIRST
        while not self._stopping.is_set():
            began = self._clock.monotonic()
            socket = self._sockets[0]
            try:
                socket = next((path for path in self._sockets if path.exists()), socket)
                await self.session(socket)
            except Exception as error:  # noqa: BLE001 - it must outlive whatever a peer does; the text goes to the log
                self._tally.count(names.CONNECT_FAILURES)
                self._say(logging.WARNING, f"no contact with containerd at {socket}: {told(error)}; trying again")
            finally:
                self.ended()
            lasted = self._clock.monotonic() - began > _BACKOFF_LAST
            delay = _BACKOFF_FIRST if lasted else min(delay * 2, _BACKOFF_LAST)
            await asyncio.sleep(delay)

    def connected(self, socket: Path, version: str) -> None:
        self._say(logging.INFO, f"connected to containerd {version} at {socket}")

    def _say(self, level: int, text: str) -> None:
        """A change once, not at every try."""
        if text != self._said:
            self._said = text
            log.log(level, "%s", text)


def told(error: BaseException) -> str:
    """What people need to know; of several that failed together, the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    match error:
        case TimeoutError():
            return "no answer in time"
        case OSError() if error.strerror:
            return error.strerror
    return getattr(error, "message", None) or str(error) or type(error).__name__

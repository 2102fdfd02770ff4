"""What is done again and again beside the scrapes, each in a thread of its own."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridobs_exporters.clock import Clock

log = logging.getLogger(__name__)

_RETRY = 60.0  # seconds until what could not be done is tried again


class Periodic:
    """Calls ``action`` at once and then every ``interval`` seconds, begin to begin; calls never overlap.

    An action that gives False could not be done and is tried again within a minute.
    """

    def __init__(self, name: str, action: Callable[[], bool], *, interval: float, clock: Clock) -> None:
        self._action = action
        self._interval = interval
        self._clock = clock
        self.stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End it; does not wait long for an action that hangs."""
        self.stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def _run(self) -> None:
        while not self.stopped.is_set():
            began = self._clock.monotonic()
            try:
                done = self._action()
            except Exception:  # the thread must outlive whatever the file system or a peer does
                log.exception("%s", self._thread.name)
                done = False
            pause = self._interval if done else min(self._interval, _RETRY)
            self.stopped.wait(max(0.0, began + pause - self._clock.monotonic()))

"""Log lines about states that last."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging


class ChangeLog:
    """Says what changed about one thing, once per change: neither silence nor a line every second."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._last: str | None = None

    def say(self, level: int, message: str) -> None:
        if message != self._last:
            self._last = message
            self._log.log(level, "%s", message)

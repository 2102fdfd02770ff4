"""Moves the write-ahead log into the store, off the path of a record."""

from __future__ import annotations

import logging
import sqlite3
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LOG = logging.getLogger(__name__)
_INTERVAL_SECONDS = 1.0


class Checkpointer:
    """A thread with a connection of its own that runs a passive checkpoint every second.

    SQLite's automatic checkpoint runs inside the commit that trips it, and every record of that batch waits for it. A
    passive one from another connection never blocks the writer.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpointer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        db = sqlite3.connect(self._path, isolation_level=None)
        failing = False
        while not self._stop.wait(_INTERVAL_SECONDS):
            try:
                db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            except sqlite3.Error as error:
                if not failing:
                    _LOG.warning("checkpoint of %s failed: %s", self._path, error)
                failing = True
            else:
                failing = False
        db.close()

"""Real faults: each does to a running substation what happens to one, and undoes it."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Protocol

from gridobs.errors import ComponentFailed
from gridobs.testbed.processes import accepts

if TYPE_CHECKING:
    from pathlib import Path

    from gridobs.testbed.substation import Substation

_LOCK_HELD_SECONDS = 0.4
_LOCK_FREE_SECONDS = 0.12  # longer than SQLite's longest pause between tries, so that nobody starves
_CHUNKS = (1 << 20, 1 << 12)


class Fault(Protocol):
    """Something that can be done to a substation, and undone."""

    def inject(self, substation: Substation) -> str:
        """Do it; says what was done."""

    def lift(self, substation: Substation) -> str:
        """Undo it; says what was done."""


class BrokerOutage:
    """The broker is killed, and stays away."""

    def inject(self, substation: Substation) -> str:
        substation.expect_down(substation.broker)
        substation.broker.kill()
        return "broker killed (SIGKILL)"

    def lift(self, substation: Substation) -> str:
        substation.broker.start()
        substation.broker.wait_until(lambda: accepts(substation.settings.ports["broker"]), "accept connections")
        substation.expect_up(substation.broker)
        return "broker started again"


class ProcessorCrash:
    """The processor is killed between any two instructions, and stays away."""

    def inject(self, substation: Substation) -> str:
        substation.expect_down(substation.processor)
        substation.processor.kill()
        return "processor killed (SIGKILL)"

    def lift(self, substation: Substation) -> str:
        substation.processor.start()
        substation.processor.wait_until(substation.processor_connected, "connect to the broker")
        substation.expect_up(substation.processor)
        return "processor started again"


class CorruptData:
    """Most payloads have a value changed on their way, as a bad line does it."""

    def inject(self, substation: Substation) -> str:
        substation.meters.send(signal.SIGUSR1)
        return "payloads corrupted on their way"

    def lift(self, substation: Substation) -> str:
        substation.meters.send(signal.SIGUSR2)
        return "payloads sent as measured again"


class SlowProcessor:
    """Another process's job holds the store's write lock most of the time, so commits wait for it."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def inject(self, substation: Substation) -> str:
        self._thread = threading.Thread(
            target=self._hold, args=(substation.settings.store,), name="lock-holder", daemon=True
        )
        self._thread.start()
        return f"store's write lock held {_LOCK_HELD_SECONDS * 1000:.0f} ms at a time"

    def lift(self, substation: Substation) -> str:  # noqa: ARG002 - a fault's signature
        self._stop.set()
        if self._thread:
            self._thread.join()
        return "store's write lock left alone"

    def _hold(self, store: Path) -> None:
        with contextlib.closing(sqlite3.connect(store, isolation_level=None, timeout=5.0)) as db:
            while not self._stop.wait(_LOCK_FREE_SECONDS):
                with contextlib.suppress(sqlite3.OperationalError):  # the processor was first: try in the next turn
                    db.execute("BEGIN IMMEDIATE")
                    time.sleep(_LOCK_HELD_SECONDS)
                    db.execute("ROLLBACK")


class DiskFull:
    """The store's file system, one of its own, is filled to the last byte."""

    def inject(self, substation: Substation) -> str:
        store = substation.settings.store.parent
        if not os.path.ismount(store):
            raise ComponentFailed(f"{store} is no file system of its own; filling it would fill the machine's disk")
        descriptor = os.open(self._ballast(substation), os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            size = sum(_fill(descriptor, chunk) for chunk in _CHUNKS)
        finally:
            os.close(descriptor)
        return f"store's file system filled with {size / 1e6:.0f} MB"

    def lift(self, substation: Substation) -> str:
        self._ballast(substation).unlink()
        return "store's file system has room again"

    def _ballast(self, substation: Substation) -> Path:
        return substation.settings.store.parent / "ballast"


def _fill(descriptor: int, chunk: int) -> int:
    began = end = os.fstat(descriptor).st_size
    while True:
        try:
            os.posix_fallocate(descriptor, end, chunk)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return end - began
        end += chunk

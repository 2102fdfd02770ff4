"""Processes the testbed starts: found, started, watched and ended by it, and by nothing else."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections import deque
from typing import TYPE_CHECKING

from gridobs.errors import ComponentFailed, MissingPrograms, PortTaken
from gridobs.testbed import guard as guard_program

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

LOOPBACK = "127.0.0.1"
_SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"  # not on the path of those who are not root
_GRACE_SECONDS = 10.0
_READY_SECONDS = 30.0


def find_programs(wanted: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The path of the first program found for each Debian package.

    Args:
        wanted: package name to the names its program may have.

    Raises:
        MissingPrograms: names all that are missing, and the command that installs them.
    """
    path = f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM_FOLDERS}"
    found = {
        package: next(filter(None, (shutil.which(name, path=path) for name in names)), None)
        for package, names in wanted.items()
    }
    missing = [package for package, program in found.items() if program is None]
    if missing:
        raise MissingPrograms(
            f"not installed: {', '.join(missing)}; run `make setup`, or as root: apt-get install {' '.join(missing)}"
        )
    return {package: program for package, program in found.items() if program}


def require_free(ports: Mapping[str, int]) -> None:
    """Check that nothing listens on any of these ports of the loopback address.

    Raises:
        PortTaken: names each that is taken and whose it was to be.
    """
    taken = []
    for owner, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                taken.append(f"{port} ({owner})")
    if taken:
        ports_taken = f"port {taken[0]} is" if len(taken) == 1 else f"ports {', '.join(taken)} are"
        raise PortTaken(f"{LOOPBACK}: {ports_taken} in use; choose others with --base-port")


class Process:
    """A program that is running, or can be started again.

    It ends with the one that started it, however that ends: ``setpriv --pdeathsig`` asks the kernel for it, and the
    guard makes sure that it was asked in time.
    """

    def __init__(self, name: str, command: Sequence[str], *, log: Path) -> None:
        self.name = name
        guard = (sys.executable, "-I", "-S", guard_program.__file__, str(os.getpid()))
        self._command = ["setpriv", "--pdeathsig", "TERM", "--", *guard, *command]
        self._log = log
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._popen = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the testbed alone, which ends the others in order
            )

    @property
    def alive(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    @property
    def pid(self) -> int | None:
        return self._popen.pid if self._popen else None

    def send(self, number: signal.Signals) -> None:
        if self._popen:
            self._popen.send_signal(number)

    def kill(self) -> None:
        """SIGKILL: as a crash, with no chance to tidy up."""
        if self._popen:
            self._popen.kill()
            self._popen.wait()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL to one that does not heed it within ten seconds."""
        if not self._popen:
            return
        self._popen.terminate()
        try:
            self._popen.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def wait_until(self, ready: Callable[[], bool], what: str) -> None:
        """Wait until ``ready`` is true.

        Raises:
            ComponentFailed: the process ended first or half a minute passed; the end of its log is told.
        """
        until = time.monotonic() + _READY_SECONDS
        while not ready():
            self.require_alive()
            if time.monotonic() > until:
                raise ComponentFailed(f"{self.name} did not {what} within {_READY_SECONDS:.0f} s{self._tail()}")
            time.sleep(0.1)

    def require_alive(self) -> None:
        """Check that it runs.

        Raises:
            ComponentFailed: the process has ended.
        """
        if not self.alive:
            code = self._popen.returncode if self._popen else None
            raise ComponentFailed(f"{self.name} ended with status {code}{self._tail()}")

    def _tail(self) -> str:
        with self._log.open(errors="replace") as log:
            lines = "".join(deque(log, maxlen=8)).rstrip()
        return f"; the end of {self._log}:\n{lines}" if lines else f"; {self._log} is empty"


def accepts(port: int, *, host: str = LOOPBACK) -> bool:
    """Whether something accepts connections on this port of a loopback address."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True

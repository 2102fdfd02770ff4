"""What the testbed's processes share at their rim: addresses, limits, and the signal to stop."""

from __future__ import annotations

import argparse
import resource
import signal
import threading

from gridobs.errors import UsageError


def host_port(text: str) -> tuple[str, int]:
    """``HOST:PORT`` from a command line."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:1883")
    return host, int(port)


def allow_open_files(count: int, *, option: str = "--meters") -> None:
    """Let this process, and those it starts, have ``count`` files and connections open at a time.

    ``option`` is the one with which a person asks for fewer.

    Raises:
        UsageError: the machine's limit is lower.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        if hard != resource.RLIM_INFINITY and hard < count:
            raise UsageError(f"this needs {count} open files and the limit is {hard}; use fewer {option} or raise it")
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop

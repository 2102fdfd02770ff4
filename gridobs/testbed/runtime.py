"""What the testbed's own processes share at their rim: addresses and the signal to stop."""

from __future__ import annotations

import argparse
import signal
import threading


def host_port(text: str) -> tuple[str, int]:
    """``HOST:PORT`` from a command line."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:1883")
    return host, int(port)


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop

"""Ports that stay free: below those that the kernel gives to whoever asks for any."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket

_LOOPBACK = "127.0.0.1"
_candidates = itertools.count(10_000 + os.getpid() % 6_000)  # demos and simulations begin at 17 700


def free_port() -> int:
    """One of the loopback address that nobody has, another at each call; it can be taken, left and taken again."""
    for port in _candidates:
        with contextlib.suppress(OSError):
            socket.create_server((_LOOPBACK, port)).close()
            return port
    raise AssertionError

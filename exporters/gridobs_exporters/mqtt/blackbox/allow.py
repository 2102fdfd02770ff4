"""Which brokers may be probed. Whoever can ask for the page could otherwise reach whatever this host can reach."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

CURE = "write mqtt://HOST:1883, or mqtts://HOST:8883 for TLS"
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_HIGHEST_PORT = 65535
_LONGEST = 300  # characters; a host name has at most 253
# Stricter than a URL parser on purpose: nothing that two parsers could read as two hosts gets through.
_ADDRESS = re.compile(
    r"(?P<scheme>mqtts?)://(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._*-]+))(?::(?P<port>[0-9]{1,5}))?/?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A broker's address; ``host`` is in lower case and without the brackets of IPv6."""

    scheme: str
    host: str
    port: int

    @property
    def tls(self) -> bool:
        return self.scheme == "mqtts"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def parse_target(text: str) -> Target:
    """The address in ``text``, with the scheme's port if it names none.

    Raises:
        ValueError: If it is not a broker's address. The message does not repeat it: it may hold a password.
    """
    target = _parse(text)
    if "*" in target.host:
        raise ValueError(f"not a broker's address; {CURE}")
    return target


class AllowList:
    """Addresses, in whose host a ``*`` stands for any characters but the dot: ``mqtts://broker-*.svc:8883``.

    Raises:
        ValueError: If a pattern is not one.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._allowed = [_pattern(number, pattern) for number, pattern in enumerate(patterns, start=1)]

    def allows(self, target: Target) -> bool:
        return any(
            (target.scheme, target.port) == (scheme, port) and host.fullmatch(target.host)
            for scheme, host, port in self._allowed
        )


def _pattern(number: int, text: str) -> tuple[str, re.Pattern[str], int]:
    try:
        target = _parse(text)
    except ValueError as error:
        raise ValueError(f"address {number}: {error}") from error
    host = "[^.:]*".join(re.escape(part) for part in target.host.split("*"))
    return target.scheme, re.compile(host), target.port


def _parse(text: str) -> Target:
    if "@" in text:
        raise ValueError("others can read a password here; give username and password_file in the module")
    match = _ADDRESS.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise ValueError(f"not a broker's address; {CURE}")
    port = int(match["port"]) if match["port"] else _PORTS[match["scheme"]]
    if not 0 < port <= _HIGHEST_PORT:
        raise ValueError(f"no broker listens on port {port}; {CURE}")
    return Target(scheme=match["scheme"], host=(match["v6"] or match["host"]).lower(), port=port)

"""The way to a broker up to the first byte of MQTT: name, TCP and TLS, each bounded and measured by itself."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gridobs_exporters.mqtt.blackbox.module import TIMEOUT, StepError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gridobs_exporters.clock import Clock


def resolve(host: str, port: int, *, timeout: float) -> Sequence[str]:
    """The addresses of ``host`` in the order to try them; never waits longer than ``timeout`` seconds.

    The system's resolver cannot be told to hurry, so a thread waits for it and may outlive this call.

    Raises:
        StepError: If there is none in time.
    """
    with suppress(OSError, UnicodeError):
        return _addresses(host, port, socket.AI_NUMERICHOST)
    found: list[str] = []
    failed: list[str] = []

    def ask() -> None:
        try:
            found.extend(_addresses(host, port))
        except (OSError, UnicodeError) as error:  # the latter for a name that IDNA cannot encode
            failed.append(told(error))

    thread = threading.Thread(target=ask, name="probe-resolve", daemon=True)
    thread.start()
    thread.join(timeout=max(0.0, timeout))
    if not found:
        raise StepError("resolve", failed[0] if failed else TIMEOUT)
    return found


def _addresses(host: str, port: int, flags: int = 0) -> list[str]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return list(dict.fromkeys(str(address[0]) for *_, address in answers))


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFacts:
    """``earliest_expiry`` in Unix seconds."""

    version: str
    cipher: str
    earliest_expiry: float | None


class Handshake:
    """What paho takes for an ``SSLContext``.

    paho is given an address, so the name to verify is here; its own handshake has no deadline, so it is made here.
    """

    check_hostname = True

    def __init__(self, context: ssl.SSLContext, host: str, *, clock: Clock, deadline: float) -> None:
        self._context = context
        self._host = host
        self._clock = clock
        self._deadline = deadline
        self.began: float | None = None
        self.facts: TlsFacts | None = None

    def wrap_socket(self, connection: socket.socket, **_paho: object) -> ssl.SSLSocket:
        """The connection after its handshake.

        Raises:
            OSError: If TLS fails or takes too long.
        """
        self.began = self._clock.monotonic()
        secure = self._context.wrap_socket(connection, server_hostname=self._host, do_handshake_on_connect=False)
        try:
            secure.settimeout(0)
            self._shake_hands(secure)
            self.facts = _facts(secure)
        except BaseException:
            secure.close()
            raise
        return secure

    def _shake_hands(self, secure: ssl.SSLSocket) -> None:
        while True:
            left = self._deadline - self._clock.monotonic()
            if left <= 0:
                raise TimeoutError(TIMEOUT)
            try:
                secure.do_handshake()
            except ssl.SSLWantReadError:
                select.select([secure], [], [], left)
            except ssl.SSLWantWriteError:
                select.select([], [secure], [], left)
            else:
                return


def told(error: OSError | ValueError) -> str:
    """Why, in the few words of the system or of OpenSSL: no address, no number that changes."""
    match error:
        case ssl.SSLCertVerificationError():
            return str(error.verify_message).partition(",")[0]
        case TimeoutError():
            return TIMEOUT
        case ssl.SSLError():
            return (error.reason or "TLS failed").replace("_", " ").lower()
        case OSError():
            return error.strerror or str(error)
        case _:
            return "not a host name"


def _facts(secure: ssl.SSLSocket) -> TlsFacts:
    cipher = secure.cipher()
    return TlsFacts(
        version=(secure.version() or "").replace("TLSv", "TLS "),
        cipher=cipher[0] if cipher else "",
        earliest_expiry=min(_expiries(secure), default=None),
    )


def _expiries(secure: ssl.SSLSocket) -> Iterator[float]:
    """When each certificate of the verified chain ends, Unix seconds; the broker's own where there is no chain.

    ``SSLSocket`` shows the chain only from Python 3.13 on, what it wraps since 3.10.
    """
    wrapped: Any = getattr(secure, "_sslobj", None)
    chain: list[Any] = getattr(wrapped, "get_verified_chain", list)() or []
    for certificate in [secure.getpeercert() or {}, *(link.get_info() for link in chain)]:
        if isinstance(ends := certificate.get("notAfter"), str):
            yield float(ssl.cert_time_to_seconds(ends))

"""Asks ``/readyz`` at a fixed interval, whoever scrapes: docs/adr/0006-resident-mqtt-prober.md says why.

Each time over a new connection, as a client that is not in yet: an API server that serves only those who are in is
not available. The same answer tells the checks, the clock and the certificate of the API server.
"""

from __future__ import annotations

import http.client
import logging
import socket
import ssl
import threading
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from gridobs_exporters.changelog import ChangeLog
from gridobs_exporters.histogram import Histogram
from gridobs_exporters.k3s.latest import Latest
from gridobs_exporters.k3s.readyz import PASSED, PATH, parse_readyz, worth_telling
from gridobs_exporters.names import k3s as names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.metric import Samples

log = logging.getLogger(__name__)

EDGES = (0.010, 0.020, 0.030, 0.050, 0.1, 1.0)
_LARGEST_ANSWER = 65536
_DATE_RESOLUTION = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSettings:
    """Where the API server listens. ``interval`` and ``timeout`` in seconds."""

    host: str
    port: int
    tls: ssl.SSLContext
    headers: Callable[[], Mapping[str, str]]
    interval: float
    timeout: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the API server said of itself; times in Unix seconds, ``clock_offset`` in seconds it is ahead."""

    ready: bool
    checks: Mapping[str, bool] = field(default_factory=dict)
    clock_offset: float | None = None
    certificate_expiry: float | None = None


class ProbeError(Exception):
    """There was no answer that says whether the API server is ready; the text says why."""


def ask(settings: ProbeSettings, clock: Clock) -> Answer:
    """One round.

    Raises:
        ProbeError: If it did not end with the API server saying that it is ready or not.
    """
    connection = http.client.HTTPSConnection(
        settings.host, settings.port, timeout=settings.timeout, context=settings.tls
    )
    with closing(connection):
        try:
            headers = settings.headers()
            connection.connect()
            certificate = connection.sock.getpeercert() if isinstance(connection.sock, ssl.SSLSocket) else None
            with _cut_off(connection.sock, after=settings.timeout):
                sent = clock.wall()
                connection.request("GET", PATH, headers=dict(headers))
                answer = connection.getresponse()
                offset = _clock_offset(answer.getheader("Date"), sent, clock.wall())
                body = answer.read(_LARGEST_ANSWER)
        except TimeoutError as error:
            raise ProbeError("no answer in time") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ProbeError(str(error) or type(error).__name__) from error
    return Answer(
        ready=_is_ready(answer.status, body),
        checks=parse_readyz(body),
        clock_offset=offset,
        certificate_expiry=_expiry(certificate),
    )


@contextmanager
def _cut_off(connection: socket.socket, *, after: float) -> Iterator[None]:
    """Let what reads see the end after so many seconds: its own timeout is for each read, which may be a byte."""

    def hang_up() -> None:
        with suppress(OSError):  # without TLS' farewell, which is not for two threads at once
            socket.socket.shutdown(connection, socket.SHUT_RDWR)

    timer = threading.Timer(after, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _is_ready(status: int, body: bytes) -> bool:
    checks = parse_readyz(body)
    match status:
        case HTTPStatus.OK if checks and PASSED in body:
            return True
        case HTTPStatus.INTERNAL_SERVER_ERROR if checks:
            return False
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            raise ProbeError(f"answers {status}: it must let this account get /readyz (docs/exporters/k3s.md)")
    raise ProbeError(f"answers {status} without saying what is ready")


def _clock_offset(date: str | None, sent: float, received: float) -> float | None:
    """How far the server is ahead, if its answer was made halfway between; the date is cut to whole seconds."""
    try:
        server = parsedate_to_datetime(date or "").timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return server + _DATE_RESOLUTION / 2 - (sent + received) / 2


def _expiry(certificate: Mapping[str, object] | None) -> float | None:
    try:
        return float(ssl.cert_time_to_seconds(str((certificate or {})["notAfter"])))
    except (KeyError, ValueError):
        return None


class Prober:
    """Runs rounds from a thread of its own and counts them."""

    def __init__(self, settings: ProbeSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._latest: Latest[Answer | None] = Latest(interval=settings.interval + settings.timeout, clock=clock)
        self._lock = threading.Lock()
        self._attempts = self._failures = 0
        self._durations = Histogram(EDGES)
        self._log = ChangeLog(log)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="k3s-readyz", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def round(self) -> None:
        """Ask once and count it, whatever happens."""
        place = f"the API server at {self._settings.host}:{self._settings.port}"
        began = self._clock.monotonic()
        answer: Answer | None = None
        try:
            answer = ask(self._settings, self._clock)
        except ProbeError as error:
            self._log.say(logging.WARNING, f"{place}: {error}")
        except Exception as error:  # noqa: BLE001 - the prober must outlive whatever a server sends
            self._log.say(logging.ERROR, f"{place}: {error!r}")
        else:
            failing = ", ".join(name for name, passes in sorted(answer.checks.items()) if not passes)
            level, told = (logging.INFO, "is ready") if answer.ready else (logging.WARNING, f"not ready: {failing}")
            self._log.say(level, f"{place} {told}")
        seconds = self._clock.monotonic() - began
        with self._lock:
            self._attempts += 1
            if answer and answer.ready and seconds <= self._settings.timeout:
                self._durations.observe(seconds)
            else:
                self._failures += 1
            self._latest.put(answer)

    def add_to(self, samples: Samples) -> bool:
        """Add what is known; whether the API server answers."""
        with self._lock:
            samples.add(names.READYZ_ATTEMPTS, self._attempts)
            samples.add(names.READYZ_FAILURES, self._failures)
            samples.add(names.READYZ_DURATION, self._durations.cumulative())
            answer = self._latest.get()
        if answer is None:
            return False
        samples.add(names.APISERVER_READY, answer.ready)
        for check, passes in worth_telling(dict(answer.checks)).items():
            samples.add(names.READYZ_CHECK, passes, check)
        samples.add(names.READYZ_CHECKS_FAILED, sum(not passes for passes in answer.checks.values()))
        if answer.clock_offset is not None:
            samples.add(names.CLOCK_OFFSET, answer.clock_offset)
        if answer.certificate_expiry is not None:
            samples.add(names.APISERVER_CERTIFICATE, answer.certificate_expiry)
        return True

    def _run(self) -> None:
        while not self._stop.is_set():
            began = self._clock.monotonic()
            self.round()
            self._stop.wait(max(0.0, began + self._settings.interval - self._clock.monotonic()))

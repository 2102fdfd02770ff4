"""The remote-write receiver of the hub, and what its answers mean.

Prometheus takes a request as a whole or, for one sample it does not like, not at all (3.x takes the rest). So a
request that is refused for what is in it is sent again in halves until the sample is found, which is left out and
counted. What is refused for its age is another matter: then the hub is not set up for it, and no part fares better.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import yaml

from gridobs.errors import ServerError
from gridobs.fleet.backfill import remote_write
from gridobs.fleet.backfill.faults import Reason, SiteFault
from gridobs.fleet.backfill.series import Series

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gridobs.prometheus import Answer, Client

_WRITE = "write"
_TOO_OLD = re.compile(r"out of bounds|out of order|too old")  # 2.42 answers the last with 500, later ones with 400
_PASSING = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT}
_ATTEMPTS = 6
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0  # seconds
_LONGEST_ASKED = 300.0  # seconds that Retry-After may ask for
_MOST_PARTS = 200  # requests that one may become in search of what is refused
_WINDOW_SETTING = "storage.tsdb.out_of_order_time_window"
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}


class Stopped(Exception):  # noqa: N818 - reads as the fact it states
    """The back-fill is to end; what was being done is found again next time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Samples that the hub took, and that it refused for what they are."""

    samples: int
    refused: int


def window_of(client: Client) -> float | None:
    """The seconds that samples may be old, by the configuration of the hub; None if it does not tell.

    Raises:
        ServerError: it takes no old samples at all.
    """
    try:
        text = client.ask("status/config", {}, method="GET")["yaml"]
        content = yaml.safe_load(text) or {}
        window = content.get("storage", {}).get("tsdb", {}).get("out_of_order_time_window", "0s")
    except (ServerError, yaml.YAMLError, AttributeError, KeyError, TypeError):
        return None  # another engine, or one that hides it
    seconds = sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", str(window)))
    if not seconds:
        raise ServerError(f"{client.url}: takes no samples that are old; {_cure_of_window()}")
    return seconds


class Receiver:
    """Writes to the hub. Safe to use from several threads."""

    def __init__(self, client: Client, *, wait: Callable[[float], bool], jitter: Callable[[], float]) -> None:
        """Write to the receiver of ``client``.

        Args:
            client: the hub.
            wait: sleeps so many seconds; true if the back-fill is to end.
            jitter: a random number in [0, 1).
        """
        self._client = client
        self._wait = wait
        self._jitter = jitter

    def write(self, series: Sequence[Series]) -> Written:
        """Write ``series`` in order.

        Raises:
            ServerError: the hub does not answer, or is not set up to take this.
            SiteFault: the hub refuses next to all of it for what it is.
            Stopped: the back-fill is to end.
        """
        samples = refused = 0
        for batch in remote_write.batches(series):
            written = self._deliver(batch)
            samples += written.samples
            refused += written.refused
        return Written(samples=samples, refused=refused)

    def _deliver(self, batch: Sequence[Series]) -> Written:
        samples = refused = parts = 0
        left = [list(batch)]
        while left:
            part = left.pop()
            parts += 1
            answer = self._send(remote_write.request(part))
            size = sum(len(one.times) for one in part)
            if answer.status // 100 == 2:  # noqa: PLR2004 - 2xx is success
                samples += size
            elif size == 1:
                refused += 1
            elif parts + len(left) > _MOST_PARTS:
                raise SiteFault(
                    Reason.REJECTED, f"{self._client.url}: refuses most of what the site has: {answer.text}"
                )
            else:
                left += reversed(_halves(part))
        return Written(samples=samples, refused=refused)

    def _send(self, body: bytes) -> Answer:
        """An answer of success, or one that refuses what is in ``body``."""
        for attempt in range(_ATTEMPTS):
            last = attempt == _ATTEMPTS - 1
            try:
                answer = self._client.send(_WRITE, body, remote_write.HEADERS)
            except ServerError:
                if last:
                    raise
                self._pause(attempt, "")
                continue
            if answer.status // 100 == 2:  # noqa: PLR2004 - as above
                return answer
            if _TOO_OLD.search(answer.text):
                raise ServerError(f"{self._client.url}: {answer.text!r} for a sample; {_cure_of_window()}")
            if answer.status == HTTPStatus.BAD_REQUEST:
                return answer
            if last or not (answer.status in _PASSING or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR):
                raise ServerError(f"{self._client.url}: answers {answer.status} to what is written, {_cure(answer)}")
            self._pause(attempt, answer.retry_after)
        raise AssertionError  # the last attempt returns or raises

    def _pause(self, attempt: int, retry_after: str) -> None:
        """What the hub asks for, else longer each time; with jitter, so that writers do not come back together."""
        seconds = seconds_of(retry_after)
        if seconds is None:
            seconds = min(_FIRST_WAIT * 2**attempt, _LONGEST_WAIT) * (0.5 + self._jitter())
        if self._wait(seconds):
            raise Stopped


def seconds_of(retry_after: str) -> float | None:
    """What a ``Retry-After`` asks for, at most five minutes; None if not in seconds (RFC 9110, 10.2.3)."""
    text = retry_after.strip()
    return min(float(text), _LONGEST_ASKED) if text.isascii() and text.isdigit() else None


def _halves(part: Sequence[Series]) -> tuple[list[Series], list[Series]]:
    if len(part) > 1:
        middle = len(part) // 2
        return list(part[:middle]), list(part[middle:])
    one, middle = part[0], len(part[0].times) // 2
    return (
        [Series(labels=one.labels, times=one.times[:middle], values=one.values[:middle])],
        [Series(labels=one.labels, times=one.times[middle:], values=one.values[middle:])],
    )


def _cure(answer: Answer) -> str:
    if answer.status == HTTPStatus.NOT_FOUND:
        return "start it with --web.enable-remote-write-receiver, and give the URL that comes before /api/v1"
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return "name credentials it accepts with --token-file, or --cert-file and --key-file"
    return f"{answer.text!r}; see what its log says"


def _cure_of_window() -> str:
    return f"set {_WINDOW_SETTING} to the outage budget, such as 24h, in its configuration file and reload it"

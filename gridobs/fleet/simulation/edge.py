"""One simulated edge: what it answers, how it behaves, and what it has counted."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs.fleet.simulation import bodies
from gridobs.fleet.simulation.behaviours import (
    CLAIMED_SITE,
    LOSSY_ANSWERS_ONE_OF,
    SKEW_SECONDS,
    Behaviour,
)
from gridobs.fleet.simulation.exposition import CONTENT_TYPE
from gridobs.fleet.simulation.values import Site, noise

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridobs.fleet.simulation.exposition import Exposition

GZIP_LEVEL = 6  # Prometheus' own for /federate
_GZIP = 31  # zlib's number for a window of 32 KB in gzip's format
_SKEWS = {Behaviour.AHEAD: SKEW_SECONDS, Behaviour.BEHIND: -SKEW_SECONDS}


@dataclass(slots=True)
class Counts:
    """What an edge has seen since its start."""

    requests: int = 0
    answered: int = 0
    body_bytes: int = 0  # as sent, which is compressed as a rule
    wire_bytes: int = 0  # with the heads of requests and answers; without TLS, TCP and IP


class Edge:
    """The state of one edge. It knows no socket and no clock of its own."""

    def __init__(
        self,
        *,
        site: str,
        region: str,
        exposition: Exposition,
        interval: float,
        clock: Callable[[], float],
        huge: Callable[[bool], bytes],
    ) -> None:
        """Describe it.

        Args:
            site: its name.
            region: it is in.
            exposition: that tells the values of any site.
            interval: seconds between two evaluations of its rules.
            clock: Unix seconds, of a right clock.
            huge: gives a very large body, compressed if it is told so; making one takes long.
        """
        self.site = site
        self.behaviour = Behaviour.OK
        self.seconds = 0.0
        self.counts = Counts()
        self._region, self._exposition, self._clock, self._huge = region, exposition, clock, huge
        self._values = Site(site, interval=interval)
        self._phase = int(LOSSY_ANSWERS_ONE_OF * noise(site, "lossy"))

    def answers(self) -> bool:
        """Whether the request that has just come is to be answered."""
        self.counts.requests += 1
        match self.behaviour:
            case Behaviour.REFUSE | Behaviour.HANG:
                return False
            case Behaviour.LOSSY:
                return self.counts.requests % LOSSY_ANSWERS_ONE_OF == self._phase
            case _:
                return True

    def answer(self, *, gzip: bool) -> tuple[bytes, bytes]:
        """Head and body of its answer."""
        if self.behaviour is Behaviour.HUGE:
            body = self._huge(gzip)
        else:
            body = compress(self._body()) if gzip else self._body()
        encoding = "Content-Encoding: gzip\r\n" if gzip else ""
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {CONTENT_TYPE}\r\n{encoding}Content-Length: {len(body)}\r\n\r\n"
        return head.encode(), body

    def _body(self) -> bytes:
        now = self._clock() + _SKEWS.get(self.behaviour, 0.0)
        match self.behaviour:
            case Behaviour.GARBAGE:
                return bodies.GARBAGE
            case Behaviour.BINARY:
                return bodies.BINARY
            case Behaviour.CLAIM:
                text = self._text(now, claims=CLAIMED_SITE)
            case Behaviour.RAW:
                text = bodies.raw(self._text(now), now)
            case Behaviour.FLOOD:
                text = bodies.flood(self._text(now))
            case _:
                text = self._text(now)
        return text.encode()

    def _text(self, now: float, *, claims: str = "") -> str:
        return self._exposition.text(self._values, now, claims=claims or self.site, region=self._region)


def compress(body: bytes) -> bytes:
    """As gzip."""
    press = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP)
    return press.compress(body) + press.flush()

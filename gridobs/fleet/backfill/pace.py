"""How fast to go, and when a site's turn comes."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST_REST, _LONGEST_REST = 30.0, 1800.0  # seconds
_FIRST_PATIENCE = 5.0  # seconds
_BURST = 1.0  # seconds' worth that may be spent at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most a second, of all sites together and of one. Bytes are of answers, uncompressed."""

    samples: float
    bytes: float
    site_samples: float
    site_bytes: float
    site_questions: float


LIMITS = Limits(samples=200_000, bytes=50e6, site_samples=20_000, site_bytes=2e6, site_questions=2)
"""Unless told otherwise; the gates that are rendered allow two questions a second."""


class Bucket:
    """Allows ``rate`` a second on average: what was spent is paid for by waiting afterwards.

    What an answer costs is known when it is there, so debts may be larger than the bucket. Safe to use from threads.
    """

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._level = rate * _BURST
        self._at = clock()
        self._lock = threading.Lock()

    def spend(self, amount: float) -> float:
        """Take ``amount``; gives the seconds until there is something to spend again."""
        with self._lock:
            now = self._clock()
            self._level = min(self._rate * _BURST, self._level + (now - self._at) * self._rate) - amount
            self._at = now
            return max(0.0, -self._level / self._rate)


def share(site: str) -> float:
    """A number in [0, 1) that is always the same for ``site``, and spread evenly over sites."""
    return int.from_bytes(hashlib.sha256(site.encode()).digest()[:8], "big") / 2**64


def rest(failures: int, site: str) -> float:
    """Seconds to leave a site alone that failed so often in a row; spread, so that sites do not return as one."""
    return float(min(_FIRST_REST * 2 ** min(failures - 1, 16), _LONGEST_REST) * (0.75 + 0.5 * share(site)))


def patience(attempts: int) -> float:
    """Seconds until a gate is asked again that said so often in a row that it is busy."""
    return float(_FIRST_PATIENCE * 2 ** (attempts - 1))

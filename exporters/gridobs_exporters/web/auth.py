"""Who may ask: names and passwords against bcrypt hashes, and how often requests may come."""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
import secrets
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.web.config import Rate

_MOST_KNOWN = 100  # answers kept
_MOST_WAITING = 8  # requests that may wait for a hash
_MOST_BYTES = 72  # of a password that bcrypt looks at


class Verdict(enum.Enum):
    YES = enum.auto()
    NO = enum.auto()
    BUSY = enum.auto()  # so many are being checked that this one was not


def credentials(header: str | None) -> tuple[str, bytes] | None:
    """Name and password of an ``Authorization`` header; None if it is not one of basic authentication (RFC 7617)."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(token.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    name, colon, password = decoded.partition(b":")
    return (name.decode("utf-8", "replace"), password) if colon else None


class Passwords:
    """Checks passwords, each combination once while it is remembered: a scrape must not cost a hash.

    Nothing of a password is kept but a keyed digest. A name that is not there costs a hash too, so that the time an
    answer takes tells nobody which names are. One hash is computed at a time.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, bool] = OrderedDict()
        self._lock = threading.Lock()
        self._waiting = threading.BoundedSemaphore(_MOST_WAITING)

    def check(self, users: Mapping[str, bytes], name: str, password: bytes) -> Verdict:
        """Whether ``password`` is that of ``name`` in ``users``, bcrypt hashes by name."""
        hashed = users.get(name) or next(iter(users.values()))
        digest = self._digest(name, hashed, password)
        right = self._known.get(digest)
        if right is None:
            if not self._waiting.acquire(blocking=False):
                return Verdict.BUSY
            try:
                with self._lock:
                    right = self._known[digest] = _matches(password, hashed) and name in users
                    if len(self._known) > _MOST_KNOWN:
                        self._known.popitem(last=False)
            finally:
                self._waiting.release()
        return Verdict.YES if right else Verdict.NO

    def _digest(self, *parts: str | bytes) -> bytes:
        whole = hashlib.blake2b(key=self._key)
        for part in parts:
            data = part.encode() if isinstance(part, str) else part
            whole.update(len(data).to_bytes(8, "big") + data)
        return whole.digest()


def _matches(password: bytes, hashed: bytes) -> bool:
    import bcrypt  # noqa: PLC0415 - only those with passwords pay for it

    return bcrypt.checkpw(password[:_MOST_BYTES], hashed)


class Bucket:
    """A token bucket: a request takes a token, and one comes back every interval."""

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens = float(rate.burst)
        self._at = clock.monotonic()

    def take(self) -> bool:
        with self._lock:
            now = self._clock.monotonic()
            self._tokens = min(self._rate.burst, self._tokens + (now - self._at) / self._rate.interval)
            self._at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

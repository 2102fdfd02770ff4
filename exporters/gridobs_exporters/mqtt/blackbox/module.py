"""What a probe is to do, and why a step of it did not happen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """``timeout`` in seconds; ``tls`` is for targets that begin with ``mqtts://``."""

    qos: Sequence[int] = (1,)
    messages: int = 10
    checks: Sequence[str] = ()
    timeout: float = 5.0
    topic: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)


class StepError(Exception):
    """A step that did not happen. ``reason`` is short and comes from a small set, for a label."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = reason


TIMEOUT = "timeout"
NOT_MQTT = "the answer is not MQTT 5"
LOST = "connection lost"

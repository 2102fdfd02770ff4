"""Time as a parameter, so that tests turn the hands."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """``wall`` gives Unix seconds for what is exposed; ``monotonic`` gives seconds for every age and duration."""

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic

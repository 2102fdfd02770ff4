"""What is written to the hub."""

from __future__ import annotations

from dataclasses import dataclass

NAME = "__name__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Samples of one series in the order of their times, which are milliseconds since 1970.

    ``labels`` are sorted by name, as remote write wants them; ``__name__`` is one of them.
    """

    labels: tuple[tuple[str, str], ...]
    times: tuple[int, ...]
    values: tuple[float, ...]

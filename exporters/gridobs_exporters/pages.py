"""A page as a function: what is asked, what is answered, and nothing of sockets."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
BODY_LIMIT = 8 << 20  # bytes
DEFAULT_TIMEOUT = 5.0  # seconds, when the caller does not say how long it waits
_MARGIN = 0.5  # seconds to render and send
_LONGEST = 120.0  # seconds; who waits for longer must not hold a place for a source that hangs


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """``query`` as ``parse_qs`` gives it, ``headers`` by lower-case name, ``body`` as sent, still compressed."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """``body`` is compressed by the server where the caller takes that."""

    status: HTTPStatus = HTTPStatus.OK
    body: bytes = b""
    content_type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[Request], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What answers ``method`` at ``path``, as sent and with ``below`` also at every path below it.

    ``GET`` is asked for ``HEAD`` too. A body of more than ``body_limit`` bytes is refused with 413 before ``answer``
    is called. ``about`` is its line on the landing page, which shows no route without one. ``always`` is for cheap
    pages that are answered also while the server has as many requests as it takes.
    """

    path: str
    answer: Answer
    method: str = "GET"
    below: bool = False
    body_limit: int = BODY_LIMIT
    about: str = ""
    always: bool = False

    def leads_to(self, path: str) -> bool:
        return path == self.path or (self.below and path.startswith(f"{self.path}/"))


def text(status: HTTPStatus, line: str, **headers: str) -> Response:
    """One line of plain text; the line end is added. An underscore in the name of a header stands for its hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, body=f"{line}\n".encode(), headers=named)


def scrape_timeout(request: Request) -> float:
    """Seconds to answer in, from Prometheus' ``X-Prometheus-Scrape-Timeout-Seconds`` less what rendering takes."""
    try:
        offered = float(request.headers.get("x-prometheus-scrape-timeout-seconds", "nan"))
    except ValueError:
        return DEFAULT_TIMEOUT
    if not math.isfinite(offered) or offered <= 0:
        return DEFAULT_TIMEOUT
    return min(max(offered - _MARGIN, offered / 2), _LONGEST)

"""A page as a function: what is asked, what is answered, and nothing of sockets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TEXT = "text/plain; charset=utf-8"


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


Route = Callable[[Request], Response]


def text(status: HTTPStatus, line: str) -> Response:
    """One line of plain text; the line end is added."""
    return Response(status=status, body=f"{line}\n".encode())

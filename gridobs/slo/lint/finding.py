"""One fault of one query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gridobs.codes import Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    role: str
    """Of the query, as ``total``."""
    code: Code
    message: str
    cure: str
    warning: bool = False
    offset: int | None = None
    """Where in the text of the query, in characters; None is all of it."""

"""The same objectives as others compile them, written from their sources, to measure what their rules read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs.slo.model import BadOfTotal, GoodOfTotal

if TYPE_CHECKING:
    from gridobs.slo.model import Objective

STEP = 30
"""Seconds between evaluations where a form does not say otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Expressions evaluated every ``interval`` seconds, and the series they record, as ``name{labels}``."""

    interval: int
    expressions: tuple[str, ...]
    records: tuple[str, ...] = ()


def queries(objective: Objective, window: str) -> tuple[str, str]:
    """The error and the total query of ``objective`` over ``window``, as a person writes them for these tools."""
    match objective.indicator:
        case BadOfTotal(bad=bad, total=total):
            return bad.over(window), total.over(window)
        case GoodOfTotal(good=good, total=total):
            return f"({total.over(window)} - {good.over(window)})", total.over(window)
        case other:
            raise TypeError(f"no rules are known for {other}")

"""What the queries of one indicator must have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs.codes import Code
from gridobs.slo.lint.labels import kept_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs.slo.lint.expression import Expression
    from gridobs.slo.lint.finding import Finding


def check(expressions: Sequence[Expression]) -> list[Finding]:
    total = next((one for one in expressions if one.role == "total"), None)
    parts = [one for one in expressions if one.role != "total"]
    if total is None:
        return []
    return [finding for part in parts for finding in (*_different_labels(part, total), *_not_in_total(part, total))]


def _different_labels(part: Expression, total: Expression) -> list[Finding]:
    ours, theirs = kept_labels(part.root), kept_labels(total.root)
    if ours is None or theirs is None or ours == theirs:
        return []
    message = f"{part.role} is aggregated by ({_text(ours)}) and total by ({_text(theirs)})"
    cure = "aggregate both alike; an objective is one sum, so sum(...) without labels is enough"
    return [part.finding(Code.JOIN_NOT_ONE_TO_ONE, message, cure, warning=True)]


def _not_in_total(part: Expression, total: Expression) -> list[Finding]:
    """Events of ``part`` that ``total`` leaves out, told by labels that only ``total`` restricts."""
    ours, theirs = part.selectors(), total.selectors()
    if len(ours) != 1 or len(theirs) != 1:
        return []
    missing = {one.name for one in theirs[0].matchers} - {one.name for one in ours[0].matchers}
    if not missing:
        return []
    message = (
        f"total selects by ({_text(missing)}) and {part.role} does not: it may count events that total leaves out"
    )
    cure = f"write the matchers of total in {part.role} too"
    return [part.finding(Code.MATCHERS_DIFFER, message, cure, warning=True, at=ours[0])]


def _text(labels: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(labels))

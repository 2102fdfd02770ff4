"""What series each recording rule of a site can give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser as promql

from gridobs.fleet.egress.expression import shape_of
from gridobs.fleet.egress.shape import ANY, NOTHING, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridobs.fleet.egress.recorded import Recorded

_ROUNDS = 20
"""After which a rule that still grows, because it reads what it records, is taken for one that may give anything."""


def shapes_of(rules: Sequence[Recorded]) -> Mapping[str, Shape]:
    """The series there are at most of each recorded name.

    What no rule records comes from scrapes, and may have any label: a scrape configuration adds what it likes.
    """
    names = {rule.name for rule in rules}
    trees = [promql.parse(rule.expr) for rule in rules]
    known: dict[str, Shape] = dict.fromkeys(names, NOTHING)
    for turn in range(_ROUNDS + len(names)):
        found = [recorded_shape(rule, tree, known) for rule, tree in zip(rules, trees, strict=True)]
        seen: dict[str, Shape] = dict.fromkeys(names, NOTHING)
        for rule, shape in zip(rules, found, strict=True):
            seen[rule.name] |= shape
        if turn >= _ROUNDS:
            seen = {name: ANY if seen[name] != known[name] else seen[name] for name in names}
        if seen == known:
            break
        known = seen
    return known


def recorded_shape(rule: Recorded, tree: promql.Expr, known: Mapping[str, Shape]) -> Shape:
    """The series that a rule gives where those of recorded names are ``known``."""
    shape = shape_of(tree, lambda name: known.get(name, ANY))
    for label, value in rule.labels.items():
        shape = shape.rename(label, None if value is None else frozenset({value}))
    return shape

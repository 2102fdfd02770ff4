"""What is known of a set of series without looking at it: which labels they carry, which values those have, how many.

Everything here says "at most": a label that is not in a shape is on no series, a value that is not in it on none
either. Names of metrics are left out, because a rule gives what it records a name of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Values = frozenset[str] | None
"""None is any. The empty value is that of a series without the label."""

ABSENT: Values = frozenset({""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A set of series.

    Attributes:
        labels: the values of the labels something is known of.
        others: whether a series may carry any other label.
        most: series there are at most, whatever their labels allow; None is any number.
    """

    labels: Mapping[str, Values] = field(default_factory=dict)
    others: bool = False
    most: int | None = None

    def values(self, label: str) -> Values:
        return self.labels.get(label, None if self.others else ABSENT)

    @property
    def carried(self) -> tuple[str, ...]:
        """The labels a series may carry that are known by name, sorted."""
        return tuple(sorted(label for label, values in self.labels.items() if values != ABSENT))

    @property
    def unbounded(self) -> tuple[str, ...]:
        """The labels that may have any value, sorted."""
        return tuple(sorted(label for label, values in self.labels.items() if values is None))

    @property
    def bound(self) -> int | None:
        """How many series there are at most: each pair of label sets differs. None is any number."""
        counts = [len(values) for values in self.labels.values() if values is not None]
        product = None if self.others or self.unbounded else math.prod(counts)
        known = [bound for bound in (product, self.most) if bound is not None]
        return min(known, default=None)

    def keep(self, labels: Iterable[str]) -> Shape:
        """The same with these labels alone."""
        return _shape({label: self.values(label) for label in labels}, others=False, most=self.most)

    def drop(self, labels: Iterable[str]) -> Shape:
        """The same without these labels."""
        return _shape({**self.labels, **dict.fromkeys(labels, ABSENT)}, others=self.others, most=self.most)

    def put(self, label: str, values: Values) -> Shape:
        """The same with other values of one label, and as many series as those allow."""
        return _shape({**self.labels, label: values}, others=self.others, most=None)

    def rename(self, label: str, values: Values) -> Shape:
        """The same series, each with one of these values for one label."""
        return _shape({**self.labels, label: values}, others=self.others, most=self.bound)

    def narrow(self, label: str, wanted: frozenset[str]) -> Shape:
        """Those series whose label has one of the ``wanted`` values."""
        values = self.values(label)
        left = wanted if values is None else values & wanted
        return _shape({**self.labels, label: left}, others=self.others, most=self.most)

    def filter(self, label: str, wanted: Callable[[str], bool]) -> Shape:
        """Those series whose label has a value that is wanted, as far as its values are known."""
        values = self.values(label)
        if values is None:
            return self
        return self.narrow(label, frozenset(filter(wanted, values)))

    def at_most(self, most: int) -> Shape:
        """The first so many of them."""
        return _shape(self.labels, others=self.others, most=most if self.most is None else min(most, self.most))

    def __or__(self, other: Shape) -> Shape:
        """The series of either."""
        if NOTHING in (self, other):
            return other if self == NOTHING else self
        labels: dict[str, Values] = {}
        for label in self.labels.keys() | other.labels.keys():
            left, right = self.values(label), other.values(label)
            labels[label] = None if left is None or right is None else left | right
        bounds = self.bound, other.bound
        most = None if bounds[0] is None or bounds[1] is None else bounds[0] + bounds[1]
        return _shape(labels, others=self.others or other.others, most=most)


NOTHING = Shape(most=0)
ONE = Shape()
ANY = Shape(others=True)


def carrying(labels: Iterable[str]) -> Shape:
    """Any series with these labels and no other."""
    return Shape(labels=dict.fromkeys(labels))


def _shape(labels: Mapping[str, Values], *, others: bool, most: int | None) -> Shape:
    """Without what says nothing, so that equal sets are equal."""
    said = None if others else ABSENT
    kept = {label: values for label, values in sorted(labels.items()) if values != said}
    if most == 0 or any(values == frozenset() for values in kept.values()):
        return Shape(most=0)
    found = Shape(labels=kept, others=others)
    bound = found.bound
    return replace(found, most=most if bound is None or (most is not None and most < bound) else None)

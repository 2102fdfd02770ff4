"""Reading the Prometheus page of a broker through a table. Pure: lines in, values out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from gridobs_exporters.exposition import choose_lines, parse_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from prometheus_client.samples import Sample

    from gridobs_exporters.metric import Metric

Value = tuple["Metric", tuple[str, ...], float]  # a metric, its labels after ``broker``, and its value


class Fold(Enum):
    """How samples of one series, from several nodes or with several labels, become one value."""

    SUM = auto()
    LEAST = auto()
    MOST = auto()

    def over(self, values: Collection[float]) -> float:
        match self:
            case Fold.SUM:
                return math.fsum(values)
            case Fold.LEAST:
                return min(values)
            case Fold.MOST:
                return max(values)


@dataclass(frozen=True, slots=True)
class Source:
    """A series of the page. ``only`` names the label values that count; without it all do."""

    name: str
    only: Mapping[str, Collection[str]] = field(default_factory=dict)

    def takes(self, sample: Sample) -> bool:
        return sample.name == self.name and all(sample.labels.get(key) in some for key, some in self.only.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One series of ours: what it adds up, and what it takes away. ``scale`` turns the broker's unit into ours.

    ``cite`` is where its sources were read, ``since`` the first version known to have them; empty if nothing says.
    """

    metric: Metric
    plus: Sequence[Source]
    minus: Sequence[Source] = ()
    labels: tuple[str, ...] = ()
    fold: Fold = Fold.SUM
    scale: float = 1.0
    since: str = ""
    cite: str

    @property
    def sources(self) -> tuple[Source, ...]:
        return (*self.plus, *self.minus)

    def value(self, samples: Sequence[Sample]) -> float | None:
        """None if a part is missing, is NaN or infinite, or the whole is below 0; a part of a sum is no sum."""
        parts = []
        for source in self.sources:
            found = {tuple(sorted(sample.labels.items())): sample.value for sample in samples if source.takes(sample)}
            if not found or not all(map(math.isfinite, found.values())):
                return None
            parts.append(self.fold.over(found.values()))
        whole = (math.fsum(parts[: len(self.plus)]) - math.fsum(parts[len(self.plus) :])) * self.scale
        return whole if math.isfinite(whole) and whole >= 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A kind of broker. ``example`` is the address of its page, with the port and path it has by default."""

    example: str
    rows: Sequence[Row]

    def choose(self, chunks: Iterable[bytes]) -> list[bytes]:
        """The lines of a page that can carry a source."""
        names = {source.name for row in self.rows for source in row.sources}
        return choose_lines(chunks, tuple(sorted(name.encode() for name in names)))

    def read(self, lines: Iterable[bytes]) -> tuple[list[Value], int]:
        """What the chosen lines say, and how many of them say nothing."""
        samples, bad = parse_lines(lines)
        by_name: dict[str, list[Sample]] = {}
        for sample in samples:
            by_name.setdefault(sample.name, []).append(sample)
        values: list[Value] = []
        for row in self.rows:
            relevant = [sample for source in row.sources for sample in by_name.get(source.name, ())]
            if (value := row.value(relevant)) is not None:
                values.append((row.metric, row.labels, value))
        return values, bad

"""How every benchmark measures and what it reports.

A benchmark is one file in this folder with ``measure(*, quick: bool) -> Iterator[Result]``; ``run.py`` finds it. All
subjects of a case run in turn within each round, in rotated order, so that what else the machine does hits all alike;
a ratio is the median of the ratios of the rounds, which is steadier than the ratio of two figures.

pyperf is not used: it gives every benchmark processes of its own and compares afterwards, so load that comes and goes
falls on one subject and not on the other. Its calibration is one line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The cost of ``subject`` in one case; ``ratios`` are its cost over that of each baseline."""

    benchmark: str
    case: str
    subject: str
    unit: str
    best: float
    median: float
    ratios: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """``rounds`` of every subject, each at least ``seconds`` long."""

    rounds: int
    seconds: float

    @classmethod
    def of(cls, *, quick: bool) -> Effort:
        """Enough to trust a ratio; with ``quick``, enough to see that the code runs."""
        return cls(rounds=2, seconds=0.001) if quick else cls(rounds=25, seconds=0.05)


def compare(
    subjects: Mapping[str, Callable[[], object]],
    *,
    benchmark: str,
    case: str,
    baselines: Sequence[str],
    effort: Effort,
    per: int = 1,
    unit: str = "us/call",
) -> Iterator[Result]:
    """The cost of each subject in microseconds, divided by ``per``, the number of units one call handles."""
    calls = {name: _calibrate(subject, effort.seconds) for name, subject in subjects.items()}
    costs: dict[str, list[float]] = {name: [] for name in subjects}
    order = list(subjects)
    for _ in range(effort.rounds):
        for name in order:
            costs[name].append(_time(subjects[name], calls[name]) / calls[name] / per * 1e6)
        order = [*order[1:], order[0]]
    for name, rounds in costs.items():
        yield Result(
            benchmark=benchmark,
            case=case,
            subject=name,
            unit=unit,
            best=min(rounds),
            median=median(rounds),
            ratios={
                base: median(mine / theirs for mine, theirs in zip(rounds, costs[base], strict=True))
                for base in baselines
            },
        )


def table(results: Sequence[Result]) -> str:
    """Plain columns, one block per benchmark and case."""
    lines: list[str] = []
    case = None
    for result in results:
        if case != (result.benchmark, result.case):
            case = (result.benchmark, result.case)
            heads = "".join(f"{'/ ' + base:>20}" for base in result.ratios)
            lines += [
                "",
                f"{result.benchmark}: {result.case}, {result.unit}",
                f"{'':20}{'best':>14}{'median':>14}{heads}",
            ]
        ratios = "".join(f"{ratio:>20.2f}" for ratio in result.ratios.values())
        lines.append(f"{result.subject:20}{result.best:>14.2f}{result.median:>14.2f}{ratios}")
    return "\n".join([*lines[1:], ""])


def _calibrate(subject: Callable[[], object], seconds: float) -> int:
    """The number of calls that take at least ``seconds``; also the warm-up."""
    calls = 1
    while _time(subject, calls) < seconds:
        calls *= 2
    return calls


def _time(subject: Callable[[], object], calls: int) -> float:
    began = perf_counter()
    for _ in range(calls):
        subject()
    return perf_counter() - began

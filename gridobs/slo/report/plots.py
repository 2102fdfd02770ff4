"""The two plots of a report as inline SVG: bad events by day, and what was left of the budget."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs.slo.report.markup import el

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from xml.etree.ElementTree import Element

    from gridobs.slo.report.model import Result
    from gridobs.slo.report.period import Day

WIDE, NARROW = 560.0, 340.0
"""Widths; a unit is a pixel when a plot has the room it is made for."""
_HEIGHT = 190.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 8.0, 12.0, 24.0
_DATE_WIDTH = 60.0
_SLACK = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where days and values are. Days are columns of equal width, also those of 23 or 25 hours."""

    days: Sequence[Day]
    ticks: Sequence[float]
    width: float

    @property
    def column(self) -> float:
        return (self.width - _LEFT - _RIGHT) / len(self.days)

    def x(self, number: float) -> float:
        return _LEFT + number * self.column

    def y(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)


def error_ratio(result: Result, days: Sequence[Day], name: str, width: float = WIDE) -> Element:
    """Bars: the share of bad events of each day. A dashed line: the share the objective allows."""
    ratios = [tally.error_ratio for tally in result.days]
    budget = None if result.target is None else float(1 - result.target)
    peak = max((ratio for ratio in ratios if ratio is not None), default=0.0)
    frame = _Frame(days, _ticks(0.0, max(peak, budget or 0.0) or 0.01), width)
    above = sum(ratio > (budget or 0) for ratio in ratios if ratio is not None)
    said = f"{above} of {len(days)} days above the objective, the most {100 * peak:.4g} %."
    parts = [*_grid(frame), *_gaps(frame, result)]
    for number, ratio in enumerate(ratios):
        if ratio:
            over = budget is not None and ratio > budget
            top = frame.y(ratio)
            parts.append(
                el(
                    "rect",
                    el("title", f"{days[number].date}: {100 * ratio:.4g} % bad"),
                    x=frame.x(number + 0.15),
                    y=top,
                    width=0.7 * frame.column,
                    height=max(1.0, frame.y(0) - top),
                    class_="over" if over else "bar",
                )
            )
    if budget is not None:
        parts.append(_line(frame, budget, "limit"))
    return _plot(width, parts, f"Share of bad events by day, {name}", said)


def budget_left(result: Result, days: Sequence[Day], name: str, width: float = WIDE) -> Element:
    """A line: what was left of the budget at the end of each day; a dotted one: had nothing been excluded."""
    left, raw = result.budget_left(), result.raw_budget_left()
    title = f"Budget left, {name}"
    if left is None or raw is None:
        frame = _Frame(days, _ticks(0.0, 1.0), width)
        return _plot(width, [*_gaps(frame, result), *_grid(frame)], title, "No data.")
    differs = any(abs(one - other) > 10**-6 for one, other in zip(left, raw, strict=True))
    lowest = min(0.0, *left, *(raw if differs else ()))
    frame = _Frame(days, [*(tick for tick in _ticks(lowest, 1.0) if tick < _SLACK), 1.0], width)
    parts = [*_grid(frame), *_gaps(frame, result), _line(frame, 0.0, "limit")]
    if differs:
        parts.append(_path(frame, raw, "raw"))
    parts.append(_path(frame, left, "left"))
    return _plot(width, parts, title, f"{100 * left[-1]:.4g} % of the budget left at the end.")


def _plot(width: float, parts: Sequence[Element], title: str, description: str) -> Element:
    return el(
        "svg",
        el("title", title),
        el("desc", description),
        *parts,
        viewBox=f"0 0 {width:.0f} {_HEIGHT:.0f}",
        role="img",
        aria_label=f"{title}: {description}",
    )


def _path(frame: _Frame, values: Sequence[float], style: str) -> Element:
    points = [(frame.x(0), frame.y(1.0))]
    points += [(frame.x(number + 1), frame.y(value)) for number, value in enumerate(values)]
    return el("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), class_=style)


def _line(frame: _Frame, value: float, style: str) -> Element:
    return el("line", x1=_LEFT, x2=frame.width - _RIGHT, y1=frame.y(value), y2=frame.y(value), class_=style)


def _gaps(frame: _Frame, result: Result) -> Iterator[Element]:
    """Days nothing is known of."""
    for number, tally in enumerate(result.days):
        if tally.evaluations == 0:
            yield el(
                "rect",
                el("title", f"{frame.days[number].date}: no data"),
                x=frame.x(number),
                y=_TOP,
                width=frame.column,
                height=_HEIGHT - _TOP - _BOTTOM,
                class_="gap",
            )


def _grid(frame: _Frame) -> Iterator[Element]:
    """Horizontal lines with their values, and dates."""
    for value in frame.ticks:
        yield _line(frame, value, "grid")
        yield el("text", f"{100 * value:.4g} %", x=_LEFT - 6, y=frame.y(value) + 4, class_="value")
    every = math.ceil(_DATE_WIDTH / frame.column)
    for number in range(0, len(frame.days), every):
        date = frame.days[number].date
        yield el("text", f"{date:%m-%d}", x=frame.x(number + 0.5), y=_HEIGHT - 6, class_="date")


def _ticks(low: float, high: float) -> list[float]:
    """About five values that are short to write, around all from ``low`` to ``high``; 0 is among them."""
    power = 10.0 ** math.floor(math.log10((high - low) / 4))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if 4 * factor * power >= (high - low) * _SLACK)
    return [step * number for number in range(math.floor(low / step / _SLACK), math.ceil(high / step * _SLACK) + 1)]

"""What a backtest found, for people and as JSON."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from gridobs import conventions as names
from gridobs.rules.durations import seconds
from gridobs.rules.durations import text as duration
from gridobs.slo.alerting import min_bad_events
from gridobs.slo.model import MissingData, Occurrences
from gridobs.slo.promql import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from gridobs.slo.backtest import Span
    from gridobs.slo.simulation import Episode, Outcome
    from gridobs.slo.variants import Variant
    from gridobs.slo.windows import Tier

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_MONTH = 30 * _DAY
_MOST_EPISODES = 20
_NONE = "-"
_POLICY = {
    MissingData.UNKNOWN: "it spends no budget",
    MissingData.BAD: "it counts as failed",
    MissingData.IGNORE: "it counts as if it had not been",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """The variants of one objective, the written one first; times are Unix seconds."""

    asked: Span
    start: int
    end: int
    interval: int
    outcomes: tuple[tuple[Variant, Outcome], ...]

    @property
    def seconds(self) -> int:
        return self.end - self.start + self.interval


def moment(at: float) -> str:
    return dt.datetime.fromtimestamp(at, tz=dt.UTC).strftime("%Y-%m-%d %H:%M")


def parts(tried: Tried, interval: int) -> Iterator[RenderableType]:
    """What to print, in order; ``interval`` is that of the rules, in seconds."""
    variant, outcome = tried.outcomes[0]
    objective = variant.objective
    yield Text(objective.name, style="bold")
    yield f"{moment(tried.start)} to {moment(tried.end)} UTC, {_span(tried.seconds)}"
    share = outcome.bad_events / outcome.events if outcome.events else 0.0
    counted = "events" if isinstance(objective.budgeting, Occurrences) else "slices"
    yield (
        f"{_count(outcome.events)} {counted}, {_count(outcome.bad_events)} bad ({_percent(share, 4)}); "
        f"{_percent(outcome.coverage, 2)} of the time has data"
    )
    yield ""
    yield _variants(tried)
    yield ""
    yield from _notes(tried, interval)
    yield ""
    yield from _episodes(outcome, tried.end)
    yield ""


def as_object(tried: Tried) -> dict[str, Any]:
    variant, first = tried.outcomes[0]
    return {
        "slo": variant.objective.name,
        "service": variant.objective.service,
        "from": _iso(tried.start),
        "to": _iso(tried.end),
        "seconds": tried.seconds,
        "interval_seconds": tried.interval,
        "coverage": first.coverage,
        "excluded": first.excluded,
        "events": first.events,
        "bad_events": first.bad_events,
        "variants": [_variant_object(one, outcome, tried) for one, outcome in tried.outcomes],
    }


# --- table ----------------------------------------------------------------------------------------------------------
def _variants(tried: Tried) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("variant", overflow="fold", min_width=14)
    for title in ("target", "pages", "/ 30 d", "tickets", "/ 30 d", "longest\npage", "budget\nleft", "lowest"):
        table.add_column(title, justify="right", no_wrap=True)
    for variant, outcome in tried.outcomes:
        pages, tickets = _of(outcome, names.SEVERITY_PAGE), _of(outcome, names.SEVERITY_TICKET)
        longest = max((one.length(tried.end) for one in pages), default=None)
        table.add_row(
            variant.name,
            f"{number(100 * variant.objective.target)}%",
            str(len(pages)),
            _per_month(len(pages), tried.seconds),
            str(len(tickets)),
            _per_month(len(tickets), tried.seconds),
            _NONE if longest is None else _span(longest),
            _budget(outcome.budget_left),
            _budget(outcome.lowest_budget),
        )
    return table


def _notes(tried: Tried, interval: int) -> Iterator[str]:
    variant, outcome = tried.outcomes[0]
    objective = variant.objective
    period = seconds(objective.table.period)
    if tried.seconds < period - _HOUR:
        begins = " (no data before)" if tried.start > tried.asked.start else ""
        yield (
            f"Only {_span(tried.seconds)} of the {_span(period)} the budget is for were looked at{begins}; "
            "the rest spends nothing."
        )
    if missing := round((1 - outcome.coverage) * tried.seconds):
        yield f"No data for {_span(missing)} in all; {_POLICY[objective.missing_data]}."
    if excluded := round(outcome.excluded * tried.seconds):
        yield f"Excluded for {_span(excluded)} in all; events in that time do not count."
    if tried.interval != interval:
        yield f"Evaluated every {duration(tried.interval)}; the rules are, every {duration(interval)}."
    for one, _ in tried.outcomes:
        if one.unreachable:
            tiers = ", ".join(map(_tier, one.unreachable))
            yield f"{one.name}: cannot fire at this target: {tiers}."


def _episodes(outcome: Outcome, end: int) -> Iterator[RenderableType]:
    if not outcome.episodes:
        yield "As written, no alert would have fired."
        return
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("as written,\nalert from", no_wrap=True)
    table.add_column("to", no_wrap=True)
    table.add_column("for", justify="right", no_wrap=True)
    table.add_column("severity", no_wrap=True)
    table.add_column("windows", no_wrap=True)
    table.add_column("peak\nburn", justify="right", no_wrap=True)
    for one in outcome.episodes[-_MOST_EPISODES:]:
        table.add_row(
            moment(one.start),
            "still on" if one.end is None else moment(one.end),
            _span(one.length(end)),
            Text(one.severity, "bold red" if one.severity == names.SEVERITY_PAGE else "yellow"),
            f"{one.tier.long}/{one.tier.short}",
            f"{one.peak_burn:.1f}",
        )
    yield table
    if len(outcome.episodes) > _MOST_EPISODES:
        yield f"The last {_MOST_EPISODES} of {len(outcome.episodes)}; --json has all."


# --- JSON -----------------------------------------------------------------------------------------------------------
def _variant_object(variant: Variant, outcome: Outcome, tried: Tried) -> dict[str, Any]:
    objective = variant.objective
    pages, tickets = _of(outcome, names.SEVERITY_PAGE), _of(outcome, names.SEVERITY_TICKET)
    return {
        "name": variant.name,
        "target": float(objective.target),
        "tiers": [_tier(tier) for tier in objective.table.reachable(objective.budget)],
        "unreachable_tiers": [_tier(tier) for tier in variant.unreachable],
        "min_bad_events": min_bad_events(objective),
        "pages": len(pages),
        "pages_per_30d": len(pages) * _MONTH / tried.seconds,
        "tickets": len(tickets),
        "tickets_per_30d": len(tickets) * _MONTH / tried.seconds,
        "longest_page_seconds": max((one.length(tried.end) for one in pages), default=None),
        "budget_left": outcome.budget_left,
        "lowest_budget": outcome.lowest_budget,
        "alerts": [
            {
                "severity": one.severity,
                "from": _iso(one.start),
                "to": None if one.end is None else _iso(one.end),
                "tier": _tier(one.tier),
                "peak_burn": one.peak_burn,
            }
            for one in outcome.episodes
        ],
    }


# --- figures --------------------------------------------------------------------------------------------------------
def _of(outcome: Outcome, severity: str) -> list[Episode]:
    return [one for one in outcome.episodes if one.severity == severity]


def _tier(tier: Tier) -> str:
    return f"{tier.severity} {tier.long}/{tier.short}"


def _iso(at: int) -> str:
    return dt.datetime.fromtimestamp(at, tz=dt.UTC).isoformat()


def _per_month(count: int, length: int) -> str:
    return f"{count * _MONTH / length:.1f}"


def _span(length: int) -> str:
    """To the hour from a day on, to the minute from an hour on."""
    grain = _HOUR if length >= _DAY else _MINUTE if length >= _HOUR else 1
    rounded = round(length / grain) * grain
    return duration(rounded) if rounded else "0s"


def _count(events: float) -> str:
    return f"{events:,.0f}"


def _percent(share: float, digits: int) -> str:
    """Cut, so that what is almost all is never shown as all."""
    scale = 10**digits
    return f"{math.floor(round(100 * share * scale, 6)) / scale:.{digits}f}%"


def _budget(left: float | None) -> Text:
    if left is None:
        return Text(_NONE)
    return Text(_percent(left, 1), "bold red" if left <= 0 else "")

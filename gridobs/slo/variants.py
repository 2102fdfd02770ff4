"""An objective as written, and as it would be with one thing changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from pydantic_core import PydanticCustomError

from gridobs.errors import UsageError
from gridobs.rules.durations import seconds
from gridobs.slo.model import RatioTimeslices, Timeslices
from gridobs.slo.openslo.annotations import shares
from gridobs.slo.promql import number
from gridobs.slo.windows import custom_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gridobs.slo.model import Objective
    from gridobs.slo.windows import Tier

AS_WRITTEN = "as written"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What to try, each by itself, beside what is written."""

    targets: Sequence[str] = ()
    alert_windows: Sequence[str] = ()
    min_bad_events: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    name: str
    objective: Objective

    @property
    def unreachable(self) -> tuple[Tier, ...]:
        """Tiers that are meant for it and cannot fire: more than all events would have to fail."""
        table, budget = self.objective.table, self.objective.budget
        reachable = table.reachable(budget)
        used = table.tiers if any(tier in table.tiers for tier in reachable) else table.low_objective_tiers
        return tuple(tier for tier in used if tier not in reachable)


def variants(objective: Objective, changes: Changes) -> tuple[Variant, ...]:
    """The objective as written first. Raises UsageError when a change makes no sense."""
    return tuple(_variants(objective, changes))


def check_step(objective: Objective, step: int) -> None:
    """Raises UsageError when a window or a slice of ``objective`` is not a multiple of ``step`` seconds."""
    tiers = objective.table.reachable(objective.budget)
    windows = {window for tier in tiers for window in (tier.long, tier.short)}
    match objective.budgeting:
        case Timeslices(window=window) | RatioTimeslices(window=window):
            windows.add(window)
        case _:
            pass
    for window in sorted(windows, key=seconds):
        if seconds(window) % step:
            raise UsageError(
                f"{objective.name}: the window {window} is not a multiple of the step; give a finer --step"
            )


def _variants(objective: Objective, changes: Changes) -> Iterator[Variant]:
    yield Variant(name=AS_WRITTEN, objective=objective)
    for text in changes.targets:
        target = _target(text)
        yield Variant(name=f"target {number(100 * target)}%", objective=replace(objective, target=target))
    for text in changes.alert_windows:
        yield Variant(name=" ".join(text.split()), objective=_with_windows(objective, text))
    for count in changes.min_bad_events:
        yield Variant(name=f"min {count} bad", objective=replace(objective, min_bad_events=count, hard=False))


def _target(text: str) -> Decimal:
    try:
        target = Decimal(text)
    except InvalidOperation:
        target = Decimal(0)
    if not 0 < target < 1:
        raise UsageError(f"--target {text} is not a share of events above 0 and below 1; write it like 0.999")
    return target


def _with_windows(objective: Objective, text: str) -> Objective:
    try:
        table = custom_table(objective.period, shares(text))
    except PydanticCustomError as error:
        context = error.context or {}
        raise UsageError(f"--alert-windows: {context['message']}; {context['cure']}") from None
    for tier in table.tiers:
        if seconds(tier.long) >= seconds(table.period):
            raise UsageError(
                f"--alert-windows: {tier.long} is not shorter than the period {table.period}; write a shorter window"
            )
    return replace(objective, table=table, hard=False)

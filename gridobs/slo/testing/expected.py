"""When each alert must fire and what must be left of the budget, in plain arithmetic on the ledger of a case.

Two things are not known exactly: whether Prometheus counts the sample at the start of a range (2 does, 3 does not),
and on which side of a limit a float falls that equals it. So everything is worked out for both, and where they differ
nothing is expected.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.rules.durations import seconds
from gridobs.slo.alerting import min_bad_events
from gridobs.slo.model import Calendar, MissingData, RatioTimeslices, RawRatio
from gridobs.slo.promql import PrometheusVersion
from gridobs.slo.testing import local_calendar
from gridobs.slo.testing.entries import Ledger, Sums

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gridobs.slo.model import CompileOptions, Objective
    from gridobs.slo.testing.cases import Case
    from gridobs.slo.testing.entries import Number
    from gridobs.slo.windows import Tier

_NUDGE = Fraction(1, 10**9)
_DATA_WINDOW, _DATA_MISSING = 3_600, 360


@dataclass(frozen=True, slots=True)
class Alert:
    name: str
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    firing: Mapping[Alert, tuple[bool | None, ...]]
    """Of each evaluation whether the alert fires; None where that is not certain."""
    figures: Mapping[str, Fraction | None]
    """What is recorded at the last evaluation, by name; None is no value. What is not certain is left out."""


def outcome(case: Case, objective: Objective, options: CompileOptions) -> Outcome:
    """What must come of ``case``."""
    ends = (True, False) if options.version is PrometheusVersion.V2_42 else (False,)
    accounts = [_Account(case, objective, seconds(options.interval), closed=closed) for closed in ends]
    runs = [account.firing(1 + nudge) for account, nudge in product(accounts, (-_NUDGE, _NUDGE))]
    figures = [account.figures() for account in accounts]
    return Outcome(
        firing={alert: tuple(map(_agreed, zip(*(run[alert] for run in runs), strict=True))) for alert in runs[0]},
        figures={name: value for name, value in figures[0].items() if all(one[name] == value for one in figures)},
    )


def _agreed(verdicts: tuple[bool, ...]) -> bool | None:
    return verdicts[0] if len(set(verdicts)) == 1 else None


class _Account:
    """One ledger, and everything that is read from it."""

    def __init__(self, case: Case, objective: Objective, interval: int, *, closed: bool) -> None:
        self._objective, self._interval = objective, interval
        self._ledger = ledger = Ledger.of(case, objective, interval, closed=closed)
        self._counted, self._raw = Sums(ledger.counted), Sums(ledger.raw)
        self._events, self._observed = Sums(ledger.events), Sums(ledger.observed)
        self._last = len(ledger.counted) - 1
        self._tiers = objective.table.reachable(objective.budget)

    # --- alerts -----------------------------------------------------------------------------------------------------
    def firing(self, scale: Fraction) -> dict[Alert, list[bool]]:
        """With every limit of a pace scaled: of each alert and each evaluation whether it fires."""
        burn = names.burn_alert(self._objective.name)
        conditions: dict[Alert, Callable[[int], bool]] = {}
        for severity in (names.SEVERITY_PAGE, names.SEVERITY_TICKET):
            if tiers := [tier for tier in self._tiers if self._severity(tier) == severity]:
                conditions[Alert(burn, severity)] = self._burning(tiers, scale)
        hold = (lambda true: [true(at) for at in range(self._last + 1)]) if self._objective.hard else self._held
        found = {alert: hold(condition) for alert, condition in conditions.items()}
        if self._objective.missing_data is not MissingData.IGNORE:
            data = Alert(names.data_alert(self._objective.name), names.SEVERITY_TICKET)
            found[data] = self._held(self._data_missing)
        return found

    def _severity(self, tier: Tier) -> str:
        return self._objective.severity if self._objective.severity == names.SEVERITY_TICKET else tier.severity

    def _held(self, condition: Callable[[int], bool]) -> list[bool]:
        """At each evaluation, whether ``condition`` is true and was so at the one before."""
        true = [condition(at) for at in range(self._last + 1)]
        return [now and before for before, now in pairwise([False, *true])]

    def _burning(self, tiers: list[Tier], scale: Fraction) -> Callable[[int], bool]:
        least = min_bad_events(self._objective)
        limits = [
            (tier.factor * Fraction(self._objective.budget) * scale, seconds(tier.long), seconds(tier.short))
            for tier in tiers
        ]
        return lambda at: any(
            self._long_over(at, long, limit) and self._short_over(at, short, limit) and self._bad(at, long) >= least
            for limit, long, short in limits
        )

    def _long_over(self, at: int, length: int, limit: Fraction) -> bool:
        count, total, bad = self._counted.over(at, self._ledger.spanning(length))
        if self._objective.missing_data is not MissingData.IGNORE:
            bad *= min(count * self._ledger.step, length)
            total *= length
        return total > 0 and bad * limit.denominator > limit.numerator * total

    def _short_over(self, at: int, length: int, limit: Fraction) -> bool:
        _, total, bad = self._counted.over(at, self._ledger.spanning(length))
        return total > 0 and bad * limit.denominator > limit.numerator * total

    def _bad(self, at: int, length: int) -> Number:
        """Within slices that are bad in part, the events count."""
        sliced = isinstance(self._objective.budgeting, RatioTimeslices)
        if sliced and not isinstance(self._objective.indicator, RawRatio):
            return self._events.over(at, self._ledger.reaching(length))[2]
        return self._counted.over(at, self._ledger.spanning(length))[2]

    def _data_missing(self, at: int) -> bool:
        """In whole seconds, so that nothing is rounded."""
        window = self._ledger.reaching(_DATA_WINDOW)
        found = self._observed.over(at, window)[0] * self._ledger.observed_step
        return min(window, at + 1) * self._interval - found > _DATA_MISSING

    # --- figures ----------------------------------------------------------------------------------------------------
    def figures(self) -> dict[str, Fraction | None]:
        """Of the last evaluation; raw ones only where an exclusion sets them apart."""
        first = max(self._tiers, key=lambda tier: tier.factor)
        count, total, bad = self._counted.over(self._last, self._ledger.spanning(seconds(first.long)))
        covered = Fraction(count * self._ledger.step, seconds(first.long))
        return {
            names.slo_error_ratio(first.long): Fraction(bad) / total if total else None,
            names.slo_window_coverage(first.long): min(covered, Fraction(1)) if count else None,
            **self._period(),
        }

    def _period(self) -> dict[str, Fraction | None]:
        now = self._now()
        if now is None:
            return {}
        evaluations, elapsed, length = now
        count, total, bad = self._counted.over(self._last, evaluations)
        _, raw_total, raw_bad = self._raw.over(self._last, evaluations)
        observed = self._observed.over(self._last, evaluations)[0] * self._ledger.observed_step
        coverage = min(Fraction(observed) / elapsed, Fraction(1)) if elapsed else None
        weight = {
            MissingData.UNKNOWN: coverage or 0,
            MissingData.BAD: min(Fraction(count * self._ledger.step) / elapsed, Fraction(1)) if elapsed else 0,
            MissingData.IGNORE: 1,
        }[self._objective.missing_data]
        spent = Fraction(weight) * elapsed / length / Fraction(self._objective.budget)
        found = {
            names.SLO_PERIOD_TOTAL: Fraction(total) if count else None,
            names.SLO_PERIOD_BAD: Fraction(bad) if count else None,
            names.SLO_COVERAGE: coverage if observed else None,
            names.SLO_PERIOD_BUDGET_REMAINING: 1 - spent * bad / total if total else None,
        }
        raw = {
            names.SLO_PERIOD_RAW_BAD: Fraction(raw_bad) if count else None,
            names.SLO_PERIOD_RAW_BUDGET_REMAINING: 1 - spent * raw_bad / raw_total if raw_total else None,
        }
        return {**found, **raw} if self._ledger.raw != self._ledger.counted else found

    def _now(self) -> tuple[int, int, int] | None:
        """The evaluations of the period so far, and its seconds: those that coverage is a share of, and all."""
        period = self._objective.period
        if not isinstance(period, Calendar):
            length = seconds(self._objective.table.period)
            return self._ledger.reaching(length), length, length
        position = local_calendar.position(period, self._last * self._interval)
        return position and (position[0] // self._interval + 1, *position)

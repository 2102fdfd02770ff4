"""A report from the ledger that a Prometheus holds: per objective a few queries, however many sites there are.

A sample of the ledger at time t counts the events since the evaluation before, so a day holds the samples of
(midnight, midnight]. A range of Prometheus 2 includes the sample at its beginning and one of Prometheus 3 does not;
ranges here are a millisecond short of the day, so that neither counts the sample at midnight twice.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from gridobs import conventions as names
from gridobs.errors import UsageError
from gridobs.prometheus import matcher, matcher_of_any
from gridobs.slo.report.model import (
    Level,
    ObjectiveReport,
    Report,
    Tally,
    combine,
    site_result,
    worst_first,
)
from gridobs.slo.report.period import runs
from gridobs.slo.status import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gridobs.prometheus import Client
    from gridobs.slo.report.model import Result
    from gridobs.slo.report.period import Day, Period, Run

_DAYS_A_QUERY = 7
"""So that one of a thousand sites, or on a small machine, stays within the two minutes a server allows."""
_SILENT_SECONDS = 31 * 86_400
_MOST_COVERAGE = 1.01
_PLACE = f"{names.LABEL_SITE}, {names.LABEL_REGION}"


class Place(NamedTuple):
    """Empty where series do not say."""

    site: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to report on.

    Attributes:
        period: whose days.
        now: Unix seconds.
        interval: between evaluations of the rules, seconds.
        scope: which objectives and places.
        site: what to call a place whose series do not say.
    """

    period: Period
    now: float
    interval: float
    scope: Scope
    site: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the server has series of, in the period or shortly before."""

    places: dict[str, set[Place]] = field(default_factory=lambda: defaultdict(set))
    services: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)
    """Objectives that have excluded events."""
    exclusions: set[str] = field(default_factory=set)


def collect(client: Client, request: Request) -> Report:
    """Read a report. Raises ServerError, or UsageError when there is nothing to report on."""
    period, days = request.period, request.period.days(request.now)
    if not days:
        begins = dt.datetime.fromtimestamp(period.start, period.zone)
        raise UsageError(f"the period {period.name} has not begun; it does at {begins:%Y-%m-%d %H:%M %Z}")
    known = _known(client, request.scope, days)
    if not known.places:
        raise UsageError(
            f"{client.url} has no objectives for {period.name}; see whether it loads the generated rules, "
            "keeps data that long, and whether the filters are right"
        )
    here = request.site or (None if _has_sites(known) else _own_site(client, days[-1].end))
    reader = _Reader(client, request.scope, runs(days, _DAYS_A_QUERY), days, request.interval)
    exclusions = reader.exclusions() if known.exclusions else {}
    objectives = tuple(_objective(reader, slo, known, exclusions, here) for slo in sorted(known.places))
    return Report(period=period, days=days, source=client.url, objectives=objectives)


def _known(client: Client, scope: Scope, days: Sequence[Day]) -> _Known:
    start, end = days[0].start, days[-1].end
    known = _Known()
    identity = [_select(name, scope) for name in (names.SLO_OBJECTIVE, names.SLO_RAW_TOTAL)]
    for labels in client.series(identity, start - _SILENT_SECONDS, end):
        slo = labels.get(names.LABEL_SLO, "")
        known.places[slo].add(_place(labels))
        known.services[slo] = labels.get(names.LABEL_SERVICE, "")
    for labels in client.series([_select(names.SLO_INFO, scope)], start, end):
        if owner := labels.get(names.LABEL_OWNER):
            known.owners[labels.get(names.LABEL_SLO, "")] = owner
    for labels in client.series([_select(names.SLO_EXCLUDED_TOTAL, scope), names.SLO_EXCLUSION_ACTIVE], start, end):
        if labels["__name__"] == names.SLO_EXCLUSION_ACTIVE:
            known.exclusions.add(labels.get(names.LABEL_EXCLUSION, ""))
        else:
            known.excluded.add(labels.get(names.LABEL_SLO, ""))
    for slo, places in known.places.items():
        known.places[slo] = {place for place in places if place.site} or places
    return known


def _select(series: str, scope: Scope, *matchers: str) -> str:
    """``series`` of the objectives and places asked for. A site's own server does not name the site."""
    chosen = [
        matcher(label, value)
        for label, value in (
            (names.LABEL_SLO, scope.slo),
            (names.LABEL_SERVICE, scope.service),
            (names.LABEL_REGION, scope.region),
        )
        if value is not None
    ]
    chosen += [matcher_of_any(names.LABEL_SITE, "", scope.site)] if scope.site is not None else []
    return f"{series}{{{','.join((*chosen, *matchers))}}}"


def _has_sites(known: _Known) -> bool:
    return any(place.site for places in known.places.values() for place in places)


def _own_site(client: Client, at: float) -> str | None:
    """Where the server says it is, if it does."""
    found = {sample.labels.get(names.LABEL_SITE, "") for sample in client.query(names.SITE_INFO, at)}
    return found.pop() or None if len(found) == 1 else None


_Daily = dict[Place, dict[int, float]]
"""Values by place and number of the day."""


class _Reader:
    """Asks for one value a day, everywhere at once."""

    def __init__(
        self, client: Client, scope: Scope, day_runs: Sequence[Run], days: Sequence[Day], interval: float
    ) -> None:
        self.days = days
        self.interval = interval
        self.expected = (days[-1].end - days[0].start) / interval
        self._client = client
        self._scope = scope
        self._where = Scope(site=scope.site, region=scope.region)  # an exclusion has no service
        self._runs = day_runs
        self._numbers = {day.end: number for number, day in enumerate(days)}

    def ledger(self, slo: str, series: str, *, over: str = "sum_over_time", by: str = "sum") -> _Daily:
        """What ``series`` of an objective came to on each day."""
        chosen = _select(series, self._scope, matcher(names.LABEL_SLO, slo))
        found: _Daily = defaultdict(dict)
        for labels, number, value in self._daily(f"{by} by ({_PLACE}) ({over}({chosen}[RANGE]))"):
            found[_place(labels)][number] = value
        return found

    def excluded_seconds(self, slo: str) -> dict[Place, float]:
        """The time of each place under any exclusion that is for the objective, or for all.

        Each evaluation is seen by exactly one step, and only while it is a step old: an instant lookup would go on
        for five minutes after the last.
        """
        step = round(1000 * self.interval)
        chosen = _select(names.SLO_EXCLUSION_ACTIVE, self._where, matcher_of_any(names.LABEL_SLO, "", slo))
        active = f"max by ({_PLACE}) (present_over_time({chosen}[{step - 1}ms]))"
        found: dict[Place, float] = defaultdict(float)
        for labels, _, value in self._daily(f"count_over_time({active}[RANGE:{step}ms])"):
            found[_place(labels)] += value * self.interval
        return found

    def exclusions(self) -> dict[tuple[str, str], dict[Place, float]]:
        """The time of every exclusion, by its name and objective (empty: all), and place."""
        chosen = _select(names.SLO_EXCLUSION_ACTIVE, self._where)
        by = f"{names.LABEL_EXCLUSION}, {names.LABEL_SLO}, {_PLACE}"
        found: dict[tuple[str, str], dict[Place, float]] = defaultdict(lambda: defaultdict(float))
        for labels, _, value in self._daily(f"max by ({by}) (count_over_time({chosen}[RANGE]))"):
            key = labels.get(names.LABEL_EXCLUSION, ""), labels.get(names.LABEL_SLO, "")
            found[key][_place(labels)] += value * self.interval
        return found

    def _daily(self, expression: str) -> Iterable[tuple[Mapping[str, str], int, float]]:
        for run in self._runs:
            asked = expression.replace("RANGE", f"{1000 * run.step - 1}ms")
            for series in self._client.query_range(asked, run.days[0].end, run.days[-1].end, run.step):
                for at, value in series.points:
                    if not math.isnan(value):
                        yield series.labels, self._numbers[round(at)], value


def _objective(
    reader: _Reader,
    slo: str,
    known: _Known,
    exclusions: Mapping[tuple[str, str], Mapping[Place, float]],
    here: str | None,
) -> ObjectiveReport:
    total = reader.ledger(slo, names.SLO_RAW_TOTAL)
    bad = reader.ledger(slo, names.SLO_RAW_BAD)
    excluded = slo in known.excluded
    excluded_total = reader.ledger(slo, names.SLO_EXCLUDED_TOTAL) if excluded else {}
    excluded_bad = reader.ledger(slo, names.SLO_EXCLUDED_BAD) if excluded else {}
    evaluations = reader.ledger(slo, names.SLO_RAW_TOTAL, over="count_over_time")
    targets = reader.ledger(slo, names.SLO_OBJECTIVE, over="last_over_time", by="max")
    seconds = reader.excluded_seconds(slo) if exclusions else {}
    usual = _last(targets)
    sites = []
    for place in sorted(known.places[slo]):
        empty: dict[int, float] = {}
        tallies = [
            Tally(
                raw_total=total.get(place, empty).get(number, 0.0),
                raw_bad=bad.get(place, empty).get(number, 0.0),
                excluded_total=excluded_total.get(place, empty).get(number, 0.0),
                excluded_bad=excluded_bad.get(place, empty).get(number, 0.0),
                evaluations=evaluations.get(place, empty).get(number, 0.0),
            )
            for number in range(len(reader.days))
        ]
        target = _last({place: targets[place]}) if targets.get(place) else usual
        sites.append(
            site_result(
                site=place.site or here,
                region=place.region or None,
                target=None if target is None else Decimal(repr(target)),
                days=tallies,
                expected=reader.expected,
                excluded_seconds=seconds.get(place, 0.0),
                exclusions={
                    name: at[place]
                    for (name, only), at in sorted(exclusions.items())
                    if only in {"", slo} and place in at
                },
            )
        )
    has_sites = any(place.site for place in known.places[slo])
    return ObjectiveReport(
        slo=slo,
        service=known.services[slo],
        owner=known.owners.get(slo),
        fleet=combine(Level.FLEET, sites) if has_sites else None,
        regions=_regions(sites) if has_sites else (),
        sites=worst_first(sites),
        notes=tuple(_notes(reader, targets, sites)),
    )


def _regions(sites: Sequence[Result]) -> tuple[Result, ...]:
    found: dict[str, list[Result]] = defaultdict(list)
    for site in sites:
        if site.region:
            found[site.region].append(site)
    return tuple(combine(Level.REGION, found[region], region=region) for region in sorted(found))


def _notes(reader: _Reader, targets: _Daily, sites: Sequence[Result]) -> Iterable[str]:
    if any(len(set(daily.values())) > 1 for daily in targets.values()):
        yield "The objective was changed in this period; all of it is judged by the last."
    if any(site.tally.evaluations > _MOST_COVERAGE * site.expected for site in sites):
        yield (
            f"There are more evaluations than one every {reader.interval:g} s; coverage is too high. "
            "Name the interval of the rules with --interval."
        )
    if any(site.target is None for site in sites):
        yield "Nothing in the data says what the objective is at some sites; for them compliance is unknown."


def _last(targets: Mapping[Place, Mapping[int, float]]) -> float | None:
    """The value of the latest day, the strictest of several."""
    days = [(number, value) for daily in targets.values() for number, value in daily.items()]
    return max(days)[1] if days else None


def _place(labels: Mapping[str, str]) -> Place:
    return Place(labels.get(names.LABEL_SITE, ""), labels.get(names.LABEL_REGION, ""))

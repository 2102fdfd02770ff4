"""How objectives stand now, from the series their rules record: at a site, or at a hub for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.prometheus import selector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gridobs.prometheus import Client, Sample

_SECONDS_PER_DAY = 86_400
_IDENTITY = (names.LABEL_SLO, names.LABEL_SERVICE, names.LABEL_SITE, names.LABEL_REGION)
_FIRING = "firing"
_URGENCY = (names.SEVERITY_PAGE, names.SEVERITY_TICKET, names.SEVERITY_INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which objectives to look at; None is all."""

    slo: str | None = None
    service: str | None = None
    site: str | None = None
    region: str | None = None

    def selector(self, series: str, **labels: str) -> str:
        """``series`` of these objectives."""
        return selector(series, slo=self.slo, service=self.service, site=self.site, region=self.region, **labels)


@dataclass(frozen=True, slots=True, order=True)
class FiringAlert:
    name: str
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One objective now, at one site. ``None`` is "no data", which is neither good nor bad.

    Attributes:
        slo: the name of the objective.
        service: whose it is.
        site: None where series do not say, as at the site itself.
        region: as ``site``.
        objective: the share of events that must be good.
        period: as the objective has it, such as ``30d`` or ``1M``.
        sli: the share that was, over five minutes.
        burn_rate: over five minutes; 1 spends exactly the budget in its period.
        budget_left: of the period's, 1 is all; below 0 it is overspent.
        raw_budget_left: the same with excluded time counted.
        coverage: the share of the period with data.
        seconds_to_exhaustion: at the current burn; 0 when the budget is gone, infinite when nothing burns.
        alerts: firing now, the most urgent first.
    """

    slo: str
    service: str
    site: str | None
    region: str | None
    objective: float | None
    period: str | None
    sli: float | None
    burn_rate: float | None
    budget_left: float | None
    raw_budget_left: float | None
    coverage: float | None
    seconds_to_exhaustion: float | None
    alerts: tuple[FiringAlert, ...]


def read_standings(prometheus: Client, scope: Scope) -> list[Standing]:
    """Every objective the server knows, the worst first.

    Worst first is: budget overspent, no data, then by what is left of the budget. Raises ServerError.
    """

    def by_identity(series: str) -> dict[_Key, float]:
        return {_key(sample): sample.value for sample in prometheus.query(scope.selector(series))}

    objectives = by_identity(names.SLO_OBJECTIVE)
    days = by_identity(names.SLO_TIME_PERIOD_DAYS)
    errors = by_identity(names.slo_error_ratio("5m"))
    burn = by_identity(names.SLO_CURRENT_BURN_RATE)
    left = by_identity(names.SLO_PERIOD_BUDGET_REMAINING)
    raw_left = by_identity(names.SLO_PERIOD_RAW_BUDGET_REMAINING)
    coverage = by_identity(names.SLO_COVERAGE)
    periods = {
        _key(info): info.labels.get(names.LABEL_PERIOD) for info in prometheus.query(scope.selector(names.SLO_INFO))
    }
    alerts = _alerts(prometheus.query(scope.selector("ALERTS", alertstate=_FIRING)))
    found = [
        Standing(
            slo=key[0],
            service=key[1],
            site=key[2] or None,
            region=key[3] or None,
            objective=objectives.get(key),
            period=periods.get(key),
            sli=1 - errors[key] if key in errors else None,
            burn_rate=burn.get(key),
            budget_left=left.get(key),
            raw_budget_left=raw_left.get(key),
            coverage=coverage.get(key),
            seconds_to_exhaustion=seconds_to_exhaustion(left.get(key), burn.get(key), days.get(key)),
            alerts=alerts.get((key[0], key[2]), ()),
        )
        for key in objectives.keys() | left.keys() | periods.keys()
    ]
    return sorted(found, key=_badness)


def seconds_to_exhaustion(left: float | None, burn: float | None, period_days: float | None) -> float | None:
    """How long the budget lasts at this burn; None without data."""
    if left is None:
        return None
    if left <= 0:
        return 0.0
    if burn is None or period_days is None:
        return None
    return left * period_days * _SECONDS_PER_DAY / burn if burn > 0 else float("inf")


_Key = tuple[str, str, str, str]


def _key(sample: Sample) -> _Key:
    slo, service, site, region = (sample.labels.get(label, "") for label in _IDENTITY)
    return slo, service, site, region


def _alerts(samples: Iterable[Sample]) -> dict[tuple[str, str], tuple[FiringAlert, ...]]:
    """By objective and site."""
    found: dict[tuple[str, str], set[FiringAlert]] = {}
    for sample in samples:
        slo, site = sample.labels.get(names.LABEL_SLO), sample.labels.get(names.LABEL_SITE, "")
        if slo:
            alert = FiringAlert(sample.labels["alertname"], sample.labels.get(names.LABEL_SEVERITY, ""))
            found.setdefault((slo, site), set()).add(alert)
    return {key: tuple(sorted(alerts, key=_urgency)) for key, alerts in found.items()}


def _urgency(alert: FiringAlert) -> tuple[int, str]:
    known = alert.severity in _URGENCY
    return _URGENCY.index(alert.severity) if known else len(_URGENCY), alert.name


def _badness(one: Standing) -> tuple[int, float, float, str, str]:
    group = 1 if one.budget_left is None else 0 if one.budget_left <= 0 else 2
    return group, one.budget_left or 0.0, -(one.burn_rate or 0.0), one.slo, one.site or ""

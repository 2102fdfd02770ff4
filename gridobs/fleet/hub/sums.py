"""What a shard adds up over its sites, by region: sums alone, so that those of several shards add up in turn.

Only sites that are reached are in a sum. Prometheus shows the last value of a series for five minutes more, and a
site that has gone dark would be counted with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.hub.site_rules import ON_SITE, REACHABLE
from gridobs.rules.durations import text
from gridobs.rules.model import RecordingRule, RuleFile, RuleGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.model import Hub

GUARD = f"and {ON_SITE} ({REACHABLE})"
WORST_SITES = 5
"""Sites that are named for each objective in each region."""

_SITE_SLO = f"on ({names.LABEL_SITE}, {names.LABEL_REGION}, {names.LABEL_SLO}, {names.LABEL_SERVICE})"
_SLO = (names.LABEL_SLO, names.LABEL_SERVICE)
_ADDITIVE = re.compile(r"site:(?P<figure>[a-z0-9_]+:(?:count|messages|bytes|cores|(?:rate|increase)[0-9a-z]*))")
_FIGURE_LABELS = frozenset({names.LABEL_SEVERITY, names.LABEL_STATE, names.LABEL_SERVICE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """``metric``, such as ``slo_period_bad:sum``, of each region and of the fleet.

    Attributes:
        expr: one value for each site, with the labels ``by`` at least.
        by: the labels that stay, beside the region.
        operation: adds up what ``expr`` gives, and in turn what that gave.
        needs: the names of a site's that it reads; without them there is nothing to add.
    """

    metric: str
    expr: str
    by: tuple[str, ...] = ()
    operation: str = "sum"
    needs: tuple[str, ...] = ()

    def of(self, level: str) -> str:
        return names.leveled(level, self.metric)

    def by_region(self, expr: str) -> str:
        """PromQL that adds up ``expr`` by region."""
        return f"{self.operation} by ({', '.join((names.LABEL_REGION, *self.by))}) ({expr})"


def all_sums(egress: Egress) -> tuple[Sum, ...]:
    """Every sum that ``egress`` allows, sorted by name."""
    found = (*_of_sites(), *_of_objectives(), *_of_figures(egress))
    return tuple(sorted((one for one in found if set(one.needs) <= set(egress.names)), key=lambda one: one.metric))


def worst_sites(egress: Egress) -> Sum | None:
    """The sites with the least budget left, a few for each objective."""
    return _WORST if set(_WORST.needs) <= set(egress.names) else None


def region_sums(egress: Egress, hub: Hub) -> RuleFile:
    """What a shard records of its regions; of objectives, of which there are most series, once for each pull."""
    quick: list[RecordingRule] = []
    slow: list[RecordingRule] = []
    for one in all_sums(egress):
        rule = RecordingRule(record=one.of(names.SCOPE_REGION), expr=one.by_region(one.expr))
        (slow if names.LABEL_SLO in one.by else quick).append(rule)
    if worst := worst_sites(egress):
        slow.append(RecordingRule(record=worst.of(names.SCOPE_REGION), expr=worst.expr))
    groups = (
        ("hub-sums", hub.evaluation_interval, quick),
        ("hub-slo-sums", max(hub.evaluation_interval, hub.scrape_interval), slow),
    )
    return RuleFile(
        groups=tuple(
            RuleGroup(name=name, interval=text(interval), rules=tuple(rules))
            for name, interval, rules in groups
            if rules
        )
    )


def _of_sites() -> Iterator[Sum]:
    """Sites in maintenance are in their state alone, not among those that should be reached."""
    watched = f'unless {ON_SITE} {names.SITE_STATE}{{{names.LABEL_STATE}="{names.STATE_MAINTENANCE}"}}'
    yield Sum(metric=names.SITES, expr=names.SITE_STATE, by=(names.LABEL_STATE,))
    yield Sum(metric=names.SITES_REACHABLE, expr=f"{names.SITE_REACHABLE} {watched}")
    yield Sum(metric=names.SITES_WATCHED, expr=f"({names.SITE_REACHABLE} >= bool 0) {watched}")


def _of_objectives() -> Iterator[Sum]:
    """Events, so that a region is weighted by them; the budget in events too, and what of it is spent.

    What a site has spent is what it says itself, weighted by its own coverage (ADR 0003): a region of one site has
    the figure of that site.
    """

    def guarded(metric: str, source: str) -> Sum:
        return Sum(metric=metric, expr=f"{source} {GUARD}", by=_SLO, needs=(source,))

    yield guarded(names.HUB_SLO_BAD, names.SLO_PERIOD_BAD)
    yield guarded(names.HUB_SLO_TOTAL, names.SLO_PERIOD_TOTAL)
    yield guarded(names.HUB_SLO_BAD_RATE, names.SLO_BAD_RATE)
    yield guarded(names.HUB_SLO_TOTAL_RATE, names.SLO_TOTAL_RATE)
    yield guarded(names.HUB_SLO_KNOWN, names.SLO_COVERAGE)
    total, budget, remaining = names.SLO_PERIOD_TOTAL, names.SLO_ERROR_BUDGET, names.SLO_PERIOD_BUDGET_REMAINING
    allowed = f"{total} * {_SITE_SLO} {budget}"

    def judged(metric: str, expr: str, *needs: str) -> Sum:
        return Sum(metric=metric, expr=f"{expr} {GUARD}", by=_SLO, needs=needs)

    yield judged(names.HUB_SLO_BUDGET, f"({allowed})", total, budget)
    yield judged(names.HUB_SLO_SPENT, f"({allowed} * {_SITE_SLO} (1 - {remaining}))", total, budget, remaining)
    yield judged(names.HUB_SLO_SITES, f"({total} >= bool 0)", total)
    yield judged(names.HUB_SLO_SITES_JUDGED, f"({remaining} >= bool -Inf)", remaining)
    yield judged(names.HUB_SLO_SITES_IN_OBJECTIVE, f"({remaining} >= bool 0)", remaining)


def _of_figures(egress: Egress) -> Iterator[Sum]:
    """The figures of a site that add up, by the last part of their names; shares and ages do not."""
    for name in egress.names:
        if not (found := _ADDITIVE.fullmatch(name)):
            continue
        carried = {label for one in egress.series if one.name == name for label in one.labels}
        yield Sum(
            metric=found["figure"], expr=f"{name} {GUARD}", by=tuple(sorted(carried & _FIGURE_LABELS)), needs=(name,)
        )


_WORST = Sum(
    metric=names.HUB_SLO_WORST_SITES,
    expr=(
        f"bottomk by ({', '.join((names.LABEL_REGION, *_SLO))}) "
        f"({WORST_SITES}, {names.SLO_PERIOD_BUDGET_REMAINING} {GUARD})"
    ),
    by=(*_SLO, names.LABEL_SITE),
    operation="max",
    needs=(names.SLO_PERIOD_BUDGET_REMAINING,),
)

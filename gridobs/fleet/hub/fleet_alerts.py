"""Alerts about regions and the fleet, where all sites are seen: at the one shard, or at the global tier."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.hub import intervals
from gridobs.fleet.hub.alerts import alert
from gridobs.fleet.hub.sums import all_sums
from gridobs.rules.durations import seconds, text
from gridobs.rules.model import AlertRule, RuleFile, RuleGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.hub.settings import Settings
    from gridobs.fleet.model import Fleet

_AT_ONCE = 3
"""Sites that are dark together and no longer a coincidence."""

_REGION = f"{{{{ $labels.{names.LABEL_REGION} }}}}"
_REGION_SHARE, _UPLINK_SHARE = 0.3, 0.5
_BURN_WINDOWS = (("1d", "2h", 3), ("3d", "6h", 1))
"""Long window, short window, times the pace that spends the budget just in time: the two tickets of the workbook."""

_LEAST_BAD_EVENTS = 2
_BURN_INTERVAL = "2m"  # its windows are days, and every evaluation reads them
_BURN_NEEDS = {names.HUB_SLO_BAD_RATE, names.HUB_SLO_TOTAL_RATE, names.HUB_SLO_BUDGET, names.HUB_SLO_TOTAL}


def fleet_alerts(fleet: Fleet, egress: Egress, settings: Settings) -> RuleFile:
    """The alerts of the top tier."""
    outages = [*_outages(fleet, settings), *(_shards(settings) if fleet.hub.shards > 1 else ())]
    groups = [RuleGroup(name="hub-fleet-alerts", interval=text(fleet.hub.evaluation_interval), rules=tuple(outages))]
    if {one.metric for one in all_sums(egress)} >= _BURN_NEEDS:
        groups.append(RuleGroup(name="hub-burn-alerts", interval=_BURN_INTERVAL, rules=tuple(_burns(settings))))
    return RuleFile(groups=tuple(groups))


def _outages(fleet: Fleet, settings: Settings) -> Iterator[AlertRule]:
    def dark(level: str) -> str:
        selector = f'{names.leveled(level, names.SITES)}{{{names.LABEL_STATE}="{names.STATE_DARK}"}}'
        return f"sum without ({names.LABEL_STATE}) ({selector})"

    def share(level: str, limit: float) -> str:
        return (
            f"{dark(level)} / {names.leveled(level, names.SITES_EXPECTED)} > {limit}"
            f"\nand\n{dark(level)} >= {_AT_ONCE}"
        )

    yield alert(
        names.HUB_ALERT_REGION_WAN_OUTAGE,
        share(names.SCOPE_REGION, _REGION_SHARE),
        severity=names.SEVERITY_PAGE,
        scope=names.SCOPE_REGION,
        hold=intervals.REGION_HOLD,
        summary=f"{{{{ $value | humanizePercentage }}}} of the sites of region {_REGION} are dark.",
        description=(
            "They went dark together, so what they share is down: the region's WAN rather than the sites. How they "
            "do is unknown. Each goes on watching itself."
        ),
        settings=settings,
    )
    yield alert(
        names.HUB_ALERT_UPLINK_DOWN,
        share(names.SCOPE_FLEET, _UPLINK_SHARE),
        severity=names.SEVERITY_PAGE,
        scope=names.SCOPE_FLEET,
        hold=intervals.uplink_hold(fleet.hub),
        summary="{{ $value | humanizePercentage }} of all sites are dark: the hub has lost its own link.",
        description=(
            "So many sites do not fail together. Look at the hub's uplink, its DNS and its client certificate first. "
            "Alerts about regions and sites are held back until it is over."
        ),
        settings=settings,
    )


def _shards(settings: Settings) -> Iterator[AlertRule]:
    yield alert(
        names.HUB_ALERT_SHARD_DOWN,
        f'max by (instance) (up{{job="{names.JOB_SHARDS}"}} == bool 0) == 1',
        severity=names.SEVERITY_PAGE,
        scope=names.SCOPE_FLEET,
        hold=intervals.REGION_HOLD,
        summary="The shard {{ $labels.instance }} of the hub does not answer.",
        description="Its sites are in no figure, and nobody is told about them; coverage says how many are missing.",
        settings=settings,
    )


def _burns(settings: Settings) -> Iterator[AlertRule]:
    burn = partial(alert, severity=names.SEVERITY_TICKET, service=None, settings=settings)
    objective = f"{{{{ $labels.{names.LABEL_SLO} }}}}"
    description = (
        "Events of all sites that are reached, weighted by their number. Burn rate {{ $value | humanize }}, where 1 "
        "spends the whole budget just within the period. slo_worst_sites:ratio of the same level names the sites."
    )
    yield burn(
        names.HUB_ALERT_REGION_BUDGET_BURN,
        _burning(names.SCOPE_REGION),
        scope=names.SCOPE_REGION,
        summary=f"Region {_REGION} spends the budget of {objective} too fast.",
        description=description,
    )
    yield burn(
        names.HUB_ALERT_FLEET_BUDGET_BURN,
        _burning(names.SCOPE_FLEET),
        scope=names.SCOPE_FLEET,
        summary=f"The fleet spends the budget of {objective} too fast.",
        description=description,
    )


def _burning(level: str) -> str:
    """Both windows over the pace, on enough bad events."""

    def over(metric: str, window: str) -> str:
        return f"avg_over_time({names.leveled(level, metric)}[{window}])"

    def pace(window: str) -> str:
        ratio = f"{over(names.HUB_SLO_BAD_RATE, window)} / ({over(names.HUB_SLO_TOTAL_RATE, window)} > 0)"
        return f"{ratio} / ({names.leveled(level, names.HUB_SLO_BUDGET_RATIO)} > 0)"

    return "\nor\n".join(
        f"(\n  {pace(long)} > {factor}\n  and {pace(short)} > {factor}\n"
        f"  and {over(names.HUB_SLO_BAD_RATE, long)} * {seconds(long)} >= {_LEAST_BAD_EVENTS}\n)"
        for long, short, factor in _BURN_WINDOWS
    )

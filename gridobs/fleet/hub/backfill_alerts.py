"""Alerts about the back-fill of a shard: that it runs, that it searches, that holes get smaller.

Every series has the job and the shard it belongs to; only those of sites with a hole have a site, and no region.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.hub.alerts import alert
from gridobs.fleet.hub.site_rules import BY_SITE, ON_SITE, WATCHED
from gridobs.rules.durations import text
from gridobs.rules.model import AlertRule, RuleFile, RuleGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridobs.fleet.hub.settings import Settings
    from gridobs.fleet.model import Hub

_JOB = f'job="{names.JOB_BACKFILL}"'
_SHARD = "{{ $labels.instance }}"
_SEARCHED = f"{names.BACKFILL_LAST_SUCCESS}{{{_JOB}}}"
_SEARCH_SECONDS = 1_800
_SEARCH = text(_SEARCH_SECONDS)
_STALLED = (
    f"(time() - ({_SEARCHED} > 0) > {_SEARCH_SECONDS}\n"
    f"or max_over_time({_SEARCHED}[{_SEARCH}]) == 0 and {_SEARCHED} offset {_SEARCH} == 0)"
)
"""Not searched for long. Before the first search the value is 0, which counts once it has been so for as long."""

_LOOK = "15m"  # a site that a search found dark has no hole until the next one, 10 min later at most
_SHRINK = "30m"
_HOLE = f"{names.BACKFILL_HOLE_SECONDS}{{{_JOB}}}"
_HOLE_HOLD = 5_400  # and half an hour of no change before it: two hours
_WRONG_ANSWERS = "too_large|garbage|flood"
_OFTEN = "[1h]) > 2"  # once may be the link


def backfill_alerts(hub: Hub, settings: Settings) -> RuleFile:
    """The alerts of the shard whose holes the back-fill fills."""
    rules = (*_service(settings), *_sites(settings))
    return RuleFile(
        groups=(RuleGroup(name="hub-backfill-alerts", interval=text(hub.evaluation_interval), rules=rules),)
    )


def _service(settings: Settings) -> Iterator[AlertRule]:
    of_shard = partial(alert, severity=names.SEVERITY_TICKET, scope=names.SCOPE_FLEET, settings=settings)
    yield of_shard(
        names.HUB_ALERT_BACKFILL_DOWN,
        f"max by (instance) (up{{{_JOB}}} == bool 0) == 1",
        hold=1_800,
        summary=f"The back-fill of {_SHARD} does not answer.",
        description=(
            "Holes that outages leave stay open. The sites still have the data; what is older than the outage budget "
            "is lost to the hub."
        ),
    )
    yield of_shard(
        names.HUB_ALERT_BACKFILL_STALLED,
        f"max by (instance) {_STALLED}",
        hold=300,
        summary=f"The back-fill of {_SHARD} has not searched the hub for half an hour.",
        description=(
            "It runs, and finds no holes because its Prometheus does not answer it. What is older than the outage "
            "budget is lost to the hub."
        ),
    )


def _sites(settings: Settings) -> Iterator[AlertRule]:
    """That holes stay, and that what sites answer is not taken.

    A hole has to get smaller where the site is reached; of one that is dark nobody expects it. One lost pull takes
    neither the site nor its hole out of sight.
    """
    hole = f"last_over_time({_HOLE}[{_LOOK}])"
    before = f"last_over_time({_HOLE}[{_LOOK}] offset {_SHRINK})"
    stays = f"{hole}\n>= {before}\nunless on (job, instance) {_STALLED}"
    reached = f"max_over_time({names.SITE_REACHABLE}[{_LOOK}]) == 1"
    yield alert(
        names.HUB_ALERT_BACKFILL_HOLE_OPEN,
        f"max {BY_SITE} (\n{reached}\nand {ON_SITE} (\n{stays}\n)\n{WATCHED}\n)",
        severity=names.SEVERITY_TICKET,
        scope=names.SCOPE_SITE,
        hold=_HOLE_HOLD,
        summary=f"A hole of site {{{{ $labels.{names.LABEL_SITE} }}}} does not get smaller.",
        description=(
            "The hub reaches the site, and for two hours the back-fill has got nothing of what is missing. What is "
            "older than the outage budget is lost to the hub."
        ),
        settings=settings,
    )
    reason = names.LABEL_REASON
    identity = f'increase({names.BACKFILL_DROPPED}{{{_JOB},{reason}="identity"}}{_OFTEN}'
    wrong = f'increase({names.BACKFILL_ERRORS}{{{_JOB},{reason}=~"{_WRONG_ANSWERS}"}}{_OFTEN}'
    yield alert(
        names.HUB_ALERT_BACKFILL_REFUSES,
        f"max by (instance, {reason}) ({identity} or {wrong})",
        severity=names.SEVERITY_TICKET,
        scope=names.SCOPE_FLEET,
        summary=f"The back-fill of {_SHARD} refuses what a site answers: {{{{ $labels.{reason} }}}}.",
        description=(
            "A site gives the history of another, or more than its rules can make, or what is no answer of a "
            "Prometheus. Nothing of it is written. It is wired wrongly, or somebody else answers in its place."
        ),
        settings=settings,
    )

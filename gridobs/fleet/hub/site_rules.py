"""What a hub records of each site: that it is expected, whether it is reached, how old its heartbeat is, its state.

Every expected site has exactly one state. Sites are expected because the inventory says so, one rule for each: what
is missing from the targets has no ``up``, and can be named all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.hub import intervals
from gridobs.fleet.model import State, Transport
from gridobs.rules.durations import text
from gridobs.rules.model import RecordingRule, RuleFile, RuleGroup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gridobs.fleet.model import Hub, Site

PULL, PUSH = "pull", "push"
UP = f'up{{job="{names.JOB_EDGE}"}}'
REACHABLE = f"{names.SITE_REACHABLE} == 1"
IN_MAINTENANCE = f'{names.SITE_EXPECTED}{{{names.LABEL_MAINTENANCE}="true"}}'
BY_SITE = f"by ({names.LABEL_SITE}, {names.LABEL_REGION})"
ON_SITE = f"on ({names.LABEL_SITE})"
WATCHED = f"unless {ON_SITE} {IN_MAINTENANCE}"
"""Whose trouble somebody is called for."""

_HEARTBEAT_WINDOW = "3h"
"""How far behind a site's clock may be for its heartbeats still to be seen."""


def expected(sites: Sequence[Site], hub: Hub) -> RuleFile:
    """One rule for each site of a shard; none for a shard without."""
    rules = tuple(
        RecordingRule(record=names.SITE_EXPECTED, expr="vector(1)", labels=_identity(site)) for site in sites
    )
    group = RuleGroup(name="hub-expected", interval=text(hub.evaluation_interval), rules=rules)
    return RuleFile(groups=(group,) if rules else ())


def states(sites: Sequence[Site], hub: Hub) -> RuleFile:
    """Reachability, heartbeats and states, in one group so that they agree with each other."""
    rules = (*_contact(intervals.freshness(sites, hub)), *_states(intervals.freshness(sites, hub)))
    return RuleFile(groups=(RuleGroup(name="hub-sites", interval=text(hub.evaluation_interval), rules=rules),))


def _identity(site: Site) -> dict[str, str]:
    maintenance = {names.LABEL_MAINTENANCE: "true"} if site.state is State.MAINTENANCE else {}
    return {
        names.LABEL_SITE: site.id,
        names.LABEL_REGION: site.region,
        names.LABEL_TRANSPORT: PULL if site.transport is Transport.PULL else PUSH,
        **maintenance,
    }


def _contact(freshness: int) -> Iterator[RecordingRule]:
    """The last heartbeat is carried on for as long as the site is expected, however long it is dark."""
    heard = f"max {BY_SITE} (last_over_time({names.SITE_HEARTBEAT}[{_HEARTBEAT_WINDOW}]))"
    carried = f"({heard} or {names.SITE_HEARTBEAT_LAST}) and {ON_SITE} {names.SITE_EXPECTED}"
    yield RecordingRule(record=names.SITE_HEARTBEAT_LAST, expr=carried)
    yield RecordingRule(record=names.SITE_HEARTBEAT_AGE, expr=f"time() - {names.SITE_HEARTBEAT_LAST}")
    pulled = f"max {BY_SITE} ({UP})"
    pushes = f'{names.SITE_EXPECTED}{{{names.LABEL_TRANSPORT}="{PUSH}"}}'
    pushed = f"({names.SITE_HEARTBEAT_AGE} <= bool {freshness}) and {ON_SITE} {pushes}"
    neither = f"0 * max {BY_SITE} ({names.SITE_EXPECTED})"
    reachable = f"({pulled} or {pushed} or {neither}) and {ON_SITE} {names.SITE_EXPECTED}"
    yield RecordingRule(record=names.SITE_REACHABLE, expr=reachable)


def _states(freshness: int) -> Iterator[RecordingRule]:
    """Each is asked after those that go before it, and the last takes who is left."""
    fresh = f"(max {BY_SITE} ({names.SITE_HEARTBEAT_AGE}) <= {freshness})"
    reached = f"({REACHABLE})"
    paging = f'{names.SITE_ALERTS_FIRING}{{{names.LABEL_SEVERITY}="{names.SEVERITY_PAGE}"}}'
    others = f"{names.STATE_MAINTENANCE}|{names.STATE_DARK}|{names.STATE_STALE}|{names.STATE_UNHEALTHY}"
    conditions = {
        names.STATE_MAINTENANCE: f"max {BY_SITE} ({IN_MAINTENANCE})",
        names.STATE_DARK: f"({names.SITE_REACHABLE} == bool 0) == 1 {WATCHED}",
        names.STATE_STALE: f"{reached} unless {ON_SITE} {fresh} {WATCHED}",
        names.STATE_UNHEALTHY: (
            f"{reached} and {ON_SITE} {fresh} and {ON_SITE} (max by ({names.LABEL_SITE}) ({paging}) > 0) {WATCHED}"
        ),
        names.STATE_LIVE: (
            f"max {BY_SITE} ({names.SITE_EXPECTED}) unless {ON_SITE} "
            f'{names.SITE_STATE}{{{names.LABEL_STATE}=~"{others}"}}'
        ),
    }
    for state, condition in conditions.items():
        yield RecordingRule(record=names.SITE_STATE, expr=condition, labels={names.LABEL_STATE: state})

"""Alerts about single sites, where the sites are pulled. Nobody is called about a site in maintenance."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.hub import intervals
from gridobs.fleet.hub.alerts import alert
from gridobs.fleet.hub.site_rules import BY_SITE, ON_SITE, PULL, REACHABLE, UP, WATCHED
from gridobs.rules.durations import text
from gridobs.rules.model import AlertRule, RuleFile, RuleGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridobs.fleet.hub.settings import Settings
    from gridobs.fleet.model import Fleet

_JOB = f'{{job="{names.JOB_EDGE}"}}'
_PULLED = f'{names.SITE_EXPECTED}{{{names.LABEL_TRANSPORT}="{PULL}"}}'
_MISSING = f"{_PULLED} unless {ON_SITE} {UP}"
_AHEAD_SECONDS, _BEHIND_SECONDS = 30, 120
_AHEAD_WINDOW = "10m"  # what is further ahead Prometheus refuses
_AGE = names.SITE_HEARTBEAT_AGE
_BEHIND = (
    f"(min_over_time({_AGE}[10m]) > {_BEHIND_SECONDS} "
    f"and max_over_time({_AGE}[10m]) - min_over_time({_AGE}[10m]) < {intervals.LOOKBACK})"
)
"""Heartbeats that are old and keep coming: they age by less than the time that passes."""

_SITE = f"Site {{{{ $labels.{names.LABEL_SITE} }}}}"


def site_alerts(fleet: Fleet, settings: Settings) -> RuleFile:
    """The alerts of a shard, its watchdog among them."""
    rules = (*_contact(fleet, settings), *_clocks(settings), *_gate(settings), watchdog(settings))
    return RuleFile(
        groups=(RuleGroup(name="hub-site-alerts", interval=text(fleet.hub.evaluation_interval), rules=rules),)
    )


def watchdog(settings: Settings) -> AlertRule:
    """Always there: whoever no longer hears of it knows that nobody is told of anything."""
    return alert(
        names.HUB_ALERT_WATCHDOG,
        "vector(1)",
        severity=names.SEVERITY_INFO,
        scope=names.SCOPE_FLEET,
        summary="The hub evaluates its rules and reaches its Alertmanager.",
        description="This alert always fires. Have a service outside call somebody when it stops coming.",
        settings=settings,
    )


def _contact(fleet: Fleet, settings: Settings) -> Iterator[AlertRule]:
    of_site = partial(alert, scope=names.SCOPE_SITE, settings=settings)
    dark = f'{names.SITE_STATE}{{{names.LABEL_STATE}="{names.STATE_DARK}"}}'
    yield of_site(
        names.HUB_ALERT_SITE_DARK,
        f"max {BY_SITE} ({dark} unless {ON_SITE} ({_MISSING}))",
        severity=names.SEVERITY_TICKET,
        hold=intervals.dark_hold(fleet.watched, fleet.hub),
        summary=f"{_SITE} is dark: the hub does not hear from it.",
        description=(
            "How it does is unknown, neither good nor bad. It goes on watching itself and alerting its own people. "
            "The hole can be filled once it is back."
        ),
    )
    yield of_site(
        names.HUB_ALERT_SITE_MISSING,
        f"max {BY_SITE} ({_MISSING} {WATCHED})",
        severity=names.SEVERITY_TICKET,
        hold=600,
        summary=f"{_SITE} is in the inventory, and no target of its shard.",
        description="The hub does not try to reach it. The files in targets/ and the inventory do not agree.",
    )
    yield of_site(
        names.HUB_ALERT_SITE_FLAPPING,
        f"max {BY_SITE} (changes({names.SITE_REACHABLE}[1h]) > 6 {WATCHED})",
        severity=names.SEVERITY_TICKET,
        summary=f"{_SITE} comes and goes: {{{{ $value }}}} changes within an hour.",
        description="Its link is bad rather than down. Figures of its region jump as it enters and leaves them.",
    )
    stale = f'{names.SITE_STATE}{{{names.LABEL_STATE}="{names.STATE_STALE}"}}'
    yield of_site(
        names.HUB_ALERT_SITE_RULES_STALLED,
        f"max {BY_SITE} ({stale} unless {ON_SITE} {_BEHIND})",
        severity=names.SEVERITY_PAGE,
        hold=300,
        summary=f"{_SITE} answers, but its rules stand still.",
        description=(
            "The hub reaches its gate and gets no new heartbeat. Alerts of the site are evaluated by the same "
            "Prometheus: nobody may be watching it."
        ),
    )


def _clocks(settings: Settings) -> Iterator[AlertRule]:
    """Behind, ahead, and so far ahead that all is refused.

    A sample has the site's time, so one from a clock that is ahead lies in the hub's future: only a query with a
    negative offset sees it.
    """
    ahead = f"max_over_time({names.SITE_HEARTBEAT}[{_AHEAD_WINDOW}] offset -{_AHEAD_WINDOW}) - time()"
    out_of_bounds = "sum(increase(prometheus_target_scrapes_sample_out_of_bounds_total[10m])) > 0"
    nothing_stored = f"unless {ON_SITE} last_over_time({names.SITE_INFO}[15m])"
    unheard = f"scrape_samples_post_metric_relabeling{_JOB} > 0 and {ON_SITE} ({REACHABLE}) {nothing_stored}"
    conditions = (
        f"max {BY_SITE} ({_BEHIND} and {ON_SITE} ({REACHABLE}) {WATCHED})",
        f"max {BY_SITE} ({ahead} > {_AHEAD_SECONDS} {WATCHED})",
        f"max {BY_SITE} ({unheard} {WATCHED}) and on () ({out_of_bounds})",
    )
    yield alert(
        names.HUB_ALERT_SITE_CLOCK_SKEW,
        "\nor\n".join(conditions),
        severity=names.SEVERITY_TICKET,
        scope=names.SCOPE_SITE,
        hold=300,
        summary=f"{_SITE} and the hub disagree about the time.",
        description=(
            f"Its heartbeats are stamped more than {_BEHIND_SECONDS} s ago or more than {_AHEAD_SECONDS} s ahead. "
            "What is 5 min behind no query shows, and what is 10 min ahead the hub refuses."
        ),
        settings=settings,
    )


def _gate(settings: Settings) -> Iterator[AlertRule]:
    """What the hub refuses of what a site sends."""
    of_site = partial(alert, scope=names.SCOPE_SITE, settings=settings)
    info, claimed = names.SITE_INFO, names.LABEL_CLAIMED_SITE
    # Of one series a site: beside a new claim the one before it is shown for five minutes more.
    truth = f'label_replace(group by ({names.LABEL_SITE}) ({info}), "{claimed}", "$1", "{names.LABEL_SITE}", "(.+)")'
    mismatch = f'{info}{{{claimed}!=""}} unless on ({names.LABEL_SITE}, {claimed}) {truth} {WATCHED}'
    yield of_site(
        names.HUB_ALERT_SITE_IDENTITY_MISMATCH,
        f"max by ({names.LABEL_SITE}, {names.LABEL_REGION}, {claimed}) ({mismatch})",
        severity=names.SEVERITY_PAGE,
        summary=f"{_SITE} says that it is {{{{ $labels.{claimed} }}}}.",
        description=(
            "Nothing it sends is stored, under either name. Either two sites are wired the wrong way round, or "
            "somebody speaks for a site that is not theirs."
        ),
    )
    over = f"max {BY_SITE} (scrape_samples_scraped{_JOB} > 0 and {ON_SITE} ({UP} == 0) {WATCHED})"
    too_long = f"scrape_body_size_bytes{_JOB} == -1"
    yield of_site(
        names.HUB_ALERT_SITE_LIMIT_REACHED,
        f"{over} or max {BY_SITE} ({too_long} {WATCHED})",
        severity=names.SEVERITY_TICKET,
        hold=120,
        summary=f"{_SITE} answers, and the hub refuses what it sends.",
        description=(
            "It sends more series, labels or bytes than its rules can make, or what is no exposition at all. Nothing "
            "of it is stored, so it counts as dark."
        ),
    )
    bodies = "sum(increase(prometheus_target_scrapes_exceeded_body_size_limit_total[15m])) > 0"
    pools = "sum(increase(prometheus_target_scrape_pool_exceeded_target_limit_total[15m])) > 0"
    yield alert(
        names.HUB_ALERT_LIMIT_REACHED,
        f"({bodies} or {pools}) unless on () ({too_long})",
        severity=names.SEVERITY_TICKET,
        scope=names.SCOPE_FLEET,
        summary="A shard of the hub refuses answers that are too long, or has too many targets.",
        description=(
            "Prometheus counts them without naming the site; its page of targets does. Started with "
            "--enable-feature=extra-scrape-metrics, the alert SiteLimitReached names it."
        ),
        settings=settings,
    )
    yield of_site(
        names.HUB_ALERT_SITE_SENDS_NOTHING,
        f"max {BY_SITE} (scrape_samples_post_metric_relabeling{_JOB} == 0 and {ON_SITE} ({UP} == 1) {WATCHED})",
        severity=names.SEVERITY_PAGE,
        hold=300,
        summary=f"{_SITE} answers, and nothing it sends is kept.",
        description=(
            "Its rules stand still or are none of ours, or its Prometheus has no external label that says which site "
            "it is. Nobody may be watching it."
        ),
    )

"""The names that leave a site, chosen one by one, each with who needs it at the hub. Nothing else passes a gate.

What only leads to these stays at the site: events by window, roll-ups, calendar phases, the figures of Gatekeeper.
"""

from __future__ import annotations

from dataclasses import dataclass

from gridobs import conventions as names


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Names that leave for the same ``reason``; ``everywhere`` is whether each must be recorded at every site."""

    reason: str
    names: tuple[str, ...]
    everywhere: bool = True


CHOSEN: tuple[Group, ...] = (
    Group(
        reason="who a site says it is, held against its certificate and address",
        names=(names.SITE_INFO,),
    ),
    Group(
        reason="whether its rules run and its clock is right, and what its own people are told of",
        names=(
            names.SITE_HEARTBEAT,
            names.SITE_ALERTS_FIRING,
            names.SITE_RULE_GROUPS_MISSED,
            names.SITE_RULE_FAILURES,
        ),
    ),
    Group(
        reason="whether what a site measures is measured: targets and collectors",
        names=(names.SITE_TARGETS, names.SITE_TARGETS_UP, names.SITE_COLLECTORS_FAILING),
    ),
    Group(
        reason="the flow of data: records, devices, what waits, what is put aside, the room that is left",
        names=(
            names.SITE_RECORDS_RATE,
            names.SITE_RECORDS_STORED,
            names.SITE_DEVICES_CONNECTED,
            names.SITE_BACKLOG,
            names.SITE_BACKLOG_OLDEST_AGE,
            names.SITE_NEWEST_EVENT_AGE,
            names.SITE_DEAD_LETTERS_RATE,
            names.SITE_STORE_SIZE,
            names.SITE_STORE_DISK_AVAILABLE,
        ),
    ),
    Group(
        reason="the capacity targets of clusters: shares of a site, and the sums that those of a region are made of",
        names=(
            names.SITE_K3S_CPU_USAGE_RATIO,
            names.SITE_K3S_MEMORY_USAGE_RATIO,
            names.SITE_K3S_CPU_REQUESTS_RATIO,
            names.SITE_K3S_MEMORY_REQUESTS_RATIO,
            names.SITE_K3S_NODES_COUNT,
            names.SITE_K3S_NODES_READY_COUNT,
            names.SITE_K3S_PODS_RUNNING_COUNT,
            names.SITE_K3S_CPU_USAGE,
            names.SITE_K3S_CPU_ALLOCATABLE,
            names.SITE_K3S_MEMORY_USAGE,
            names.SITE_K3S_MEMORY_ALLOCATABLE,
        ),
    ),
    Group(
        reason="what an objective is: its target, period and owner",
        names=(names.SLO_INFO, names.SLO_OBJECTIVE, names.SLO_ERROR_BUDGET, names.SLO_TIME_PERIOD_DAYS),
    ),
    Group(
        reason="events, from which reports and windows of the hub are added up, also over a hole that was filled",
        names=(names.SLO_RAW_BAD, names.SLO_RAW_TOTAL, names.SLO_EXCLUDED_BAD, names.SLO_EXCLUDED_TOTAL),
    ),
    Group(
        reason="which exclusions a report names; there while a site has some",
        names=(names.SLO_EXCLUSION_ACTIVE,),
        everywhere=False,
    ),
    Group(
        reason="how an objective stands now, and the rates that regions are weighted with",
        names=(
            names.SLO_BAD_RATE,
            names.SLO_TOTAL_RATE,
            names.slo_error_ratio("5m"),
            names.SLO_CURRENT_BURN_RATE,
        ),
    ),
    Group(
        reason="the budget of the period, which a cut of the WAN leaves right",
        names=(
            names.SLO_PERIOD_BAD,
            names.SLO_PERIOD_TOTAL,
            names.SLO_PERIOD_RAW_BAD,
            names.SLO_PERIOD_RAW_TOTAL,
            names.SLO_PERIOD_BURN_RATE,
            names.SLO_PERIOD_BUDGET_REMAINING,
            names.SLO_PERIOD_RAW_BUDGET_REMAINING,
            names.SLO_COVERAGE,
        ),
    ),
    Group(
        reason="how much of a calendar period is over; there for objectives that have one",
        names=(names.SLO_PERIOD_ELAPSED,),
        everywhere=False,
    ),
)

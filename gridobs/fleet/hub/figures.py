"""What the hub's top tier makes of the sums: those of the fleet, and every ratio, of regions and of the fleet.

The top tier is the one shard, or the global tier over several; both record the same names. A ratio is always one of
sums, never a mean of ratios.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.hub.sums import WORST_SITES, all_sums, worst_sites
from gridobs.rules.durations import text
from gridobs.rules.model import RecordingRule, RuleFile, RuleGroup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.hub.sums import Sum
    from gridobs.fleet.model import Fleet

LEVELS = (names.SCOPE_REGION, names.SCOPE_FLEET)
_SLO = f"{names.LABEL_SLO}, {names.LABEL_SERVICE}"
_FLEET_WORST_SITES = 2 * WORST_SITES
_RATIOS_OF_FIGURES = {
    "targets_up:ratio": ("targets_up:count", "targets:count"),
    "k3s_cpu_usage:ratio": ("k3s_cpu_usage:cores", "k3s_cpu_allocatable:cores"),
    "k3s_memory_usage:ratio": ("k3s_memory_usage:bytes", "k3s_memory_allocatable:bytes"),
}


def federated(egress: Egress) -> tuple[str, ...]:
    """The names that the global tier takes from the shards, sorted."""
    return tuple(sorted(one.of(names.SCOPE_REGION) for one in _summed(egress)))


def merged(fleet: Fleet, egress: Egress) -> RuleFile:
    """What the global tier records first: the regions, over all shards that answer."""
    answering = f'and on ({names.LABEL_SHARD}) (up{{job="{names.JOB_SHARDS}"}} == 1)'
    rules = []
    for one in _summed(egress):
        of_shards = one.by_region(f"{names.SHARD_PREFIX}{one.of(names.SCOPE_REGION)} {answering}")
        if one.operation == "max":  # the worst of the worst of each shard
            of_shards = f"bottomk by ({names.LABEL_REGION}, {_SLO}) ({WORST_SITES}, {of_shards})"
        rules.append(RecordingRule(record=one.of(names.SCOPE_REGION), expr=of_shards))
    return _file("hub-merged", rules, fleet)


def figures(fleet: Fleet, egress: Egress) -> RuleFile:
    """The fleet's sums, and the ratios of both levels."""
    rules = [
        *_expected(fleet),
        *(
            RecordingRule(record=one.of(names.SCOPE_FLEET), expr=_over_regions(one.of(names.SCOPE_REGION)))
            for one in all_sums(egress)
        ),
        *(rule for level in LEVELS for rule in _ratios(level, {one.metric for one in all_sums(egress)})),
    ]
    if worst := worst_sites(egress):
        of_regions = f"bottomk by ({_SLO}) ({_FLEET_WORST_SITES}, {worst.of(names.SCOPE_REGION)})"
        rules.append(RecordingRule(record=worst.of(names.SCOPE_FLEET), expr=of_regions))
    return _file("hub-figures", rules, fleet)


def _summed(egress: Egress) -> tuple[Sum, ...]:
    worst = worst_sites(egress)
    return (*all_sums(egress), *([worst] if worst else []))


def _file(name: str, rules: Sequence[RecordingRule], fleet: Fleet) -> RuleFile:
    return RuleFile(groups=(RuleGroup(name=name, interval=text(fleet.hub.evaluation_interval), rules=tuple(rules)),))


def _expected(fleet: Fleet) -> Iterator[RecordingRule]:
    """From the inventory, not from the shards: a shard that is away takes its sites out of every sum but this."""
    record = names.leveled(names.SCOPE_REGION, names.SITES_EXPECTED)
    for region in sorted({site.region for site in fleet.watched}):
        count = sum(site.region == region for site in fleet.watched)
        yield RecordingRule(record=record, expr=f"vector({count})", labels={names.LABEL_REGION: region})
    yield RecordingRule(record=names.leveled(names.SCOPE_FLEET, names.SITES_EXPECTED), expr=_over_regions(record))


def _over_regions(expr: str) -> str:
    return f"sum without ({names.LABEL_REGION}) ({expr})"


def _ratios(level: str, metrics: set[str]) -> Iterator[RecordingRule]:
    """Those whose sums are there. Nothing over nothing is no ratio, rather than a NaN."""

    def of(metric: str) -> str:
        return names.leveled(level, metric)

    ratios = {
        names.SITES_REACHABLE_RATIO: (names.SITES_REACHABLE, names.SITES_WATCHED),
        **_RATIOS_OF_FIGURES,
        names.HUB_SLO_ERROR_RATIO: (names.HUB_SLO_BAD, names.HUB_SLO_TOTAL),
        names.HUB_SLO_BUDGET_RATIO: (names.HUB_SLO_BUDGET, names.HUB_SLO_TOTAL),
        names.HUB_SLO_SITES_IN_OBJECTIVE_RATIO: (names.HUB_SLO_SITES_IN_OBJECTIVE, names.HUB_SLO_SITES_JUDGED),
        names.HUB_SLO_CURRENT_ERROR_RATIO: (names.HUB_SLO_BAD_RATE, names.HUB_SLO_TOTAL_RATE),
    }
    for metric, (part, whole) in ratios.items():
        if {part, whole} <= metrics:
            yield RecordingRule(record=of(metric), expr=f"{of(part)} / ({of(whole)} > 0)")
    if {names.HUB_SLO_BAD, names.HUB_SLO_TOTAL} <= metrics:
        good = f"{of(names.HUB_SLO_TOTAL)} - {of(names.HUB_SLO_BAD)}"
        yield RecordingRule(record=of(names.HUB_SLO_GOOD), expr=good)
    if {names.HUB_SLO_SPENT, names.HUB_SLO_BUDGET} <= metrics:
        remaining = f"1 - {of(names.HUB_SLO_SPENT)} / ({of(names.HUB_SLO_BUDGET)} > 0)"
        yield RecordingRule(record=of(names.HUB_SLO_BUDGET_REMAINING), expr=remaining)
    if {names.HUB_SLO_BAD_RATE, names.HUB_SLO_TOTAL_RATE, names.HUB_SLO_BUDGET, names.HUB_SLO_TOTAL} <= metrics:
        burn = f"{of(names.HUB_SLO_CURRENT_ERROR_RATIO)} / ({of(names.HUB_SLO_BUDGET_RATIO)} > 0)"
        yield RecordingRule(record=of(names.HUB_SLO_CURRENT_BURN_RATE), expr=burn)
    yield from _coverage(level, metrics)


def _coverage(level: str, metrics: set[str]) -> Iterator[RecordingRule]:
    """How much of all expected sites, and of their time, the figures of an objective speak for."""
    join = f"on ({names.LABEL_REGION}) group_left ()" if level == names.SCOPE_REGION else "on () group_left ()"
    expected = names.leveled(level, names.SITES_EXPECTED)
    for metric, known in (
        (names.HUB_SLO_SITES_COVERED, names.HUB_SLO_SITES),
        (names.HUB_SLO_KNOWN_RATIO, names.HUB_SLO_KNOWN),
    ):
        if known in metrics:
            covered = f"{names.leveled(level, known)} / {join} {expected}"
            yield RecordingRule(record=names.leveled(level, metric), expr=covered)

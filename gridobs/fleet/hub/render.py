"""Every file of the hub, as text, from the inventory and what leaves a site."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from gridobs.artifacts import Artifact
from gridobs.errors import UsageError
from gridobs.fleet.hub import alertmanager, federation, figures, intervals, limits, prometheus, targets, visibility
from gridobs.fleet.hub.backfill_alerts import backfill_alerts
from gridobs.fleet.hub.fleet_alerts import fleet_alerts
from gridobs.fleet.hub.settings import Settings
from gridobs.fleet.hub.site_alerts import site_alerts, watchdog
from gridobs.fleet.hub.site_rules import expected, states
from gridobs.fleet.hub.sums import region_sums
from gridobs.rules.durations import text
from gridobs.rules.model import RuleFile, RuleGroup
from gridobs.rules.render import render as render_rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.model import Fleet
    from gridobs.slo.model import Objective
    from gridobs.slo.promql import PrometheusVersion

ROOT = PurePosixPath("hub")
_CONFIGURATION = "prometheus.yml"


def render(
    fleet: Fleet,
    egress: Egress,
    version: PrometheusVersion,
    *,
    objectives: Sequence[Objective] = (),
    settings: Settings | None = None,
) -> tuple[Artifact, ...]:
    """What goes to the hub, below ``hub/``, sorted by path.

    Args:
        fleet: the inventory.
        egress: what a site sends; rules that read anything else are left out.
        version: of the hub's Prometheuses.
        objectives: of the hub itself, measured at its top tier.
        settings: paths and addresses; None is the defaults.

    Raises:
        UsageError: nothing leaves a site, or a site is pulled too seldom to be seen.
    """
    if not egress.series:
        raise UsageError(
            "nothing leaves a site, so there is nothing to pull; name the folder of rules with --sources"
        )
    intervals.require_visible(targets.pulled(fleet), fleet.hub)
    hub = _Hub(
        fleet=fleet,
        egress=egress,
        version=version,
        objectives=objectives,
        settings=settings or Settings(),
        assigned=targets.assign(fleet),
    )
    return tuple(sorted(hub.artifacts()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hub:
    """All that the files are made from; ``assigned`` is the shard of each watched site."""

    fleet: Fleet
    egress: Egress
    version: PrometheusVersion
    objectives: Sequence[Objective]
    settings: Settings
    assigned: Mapping[str, int]

    def artifacts(self) -> Iterator[Artifact]:
        notifications = self.settings.notifications
        yield Artifact(ROOT / "alertmanager.yml", alertmanager.configuration(self.fleet, notifications))
        single = self.fleet.hub.shards == 1
        for shard in range(self.fleet.hub.shards):
            folder, rules = (
                ROOT / f"shard-{shard}",
                {**self._shard_rules(shard), **(self._top_rules() if single else {})},
            )
            yield Artifact(folder / _CONFIGURATION, self._shard_configuration(shard))
            for file in targets.files(self.fleet, shard=shard, assigned=self.assigned):
                yield Artifact(folder / file.path, file.content)
            yield from self._rule_files(folder, rules)
        if not single:
            job = federation.shard_job(figures.federated(self.egress), hub=self.fleet.hub, settings=self.settings)
            jobs = [job, federation.own_job(self.settings)]
            configuration = prometheus.global_tier(self.fleet, jobs=jobs, settings=self.settings)
            yield Artifact(ROOT / "global" / _CONFIGURATION, configuration)
            yield from self._rule_files(ROOT / "global", {**self._global_rules(), **self._top_rules()})

    def _shard_configuration(self, shard: int) -> str:
        job = federation.edge_job(
            self.egress,
            hub=self.fleet.hub,
            limits_of_a_site=limits.derive(self.egress, self.fleet.watched),
            count=sum(self.assigned[site.id] == shard for site in targets.pulled(self.fleet)),
            settings=self.settings,
            version=self.version,
        )
        jobs = [job, federation.own_job(self.settings)]
        if self.settings.backfill_address:
            jobs.append(federation.backfill_job(shard=shard, settings=self.settings))
        return prometheus.shard(self.fleet, number=shard, jobs=jobs, settings=self.settings)

    def _shard_rules(self, shard: int) -> dict[str, RuleFile]:
        sites = [site for site in self.fleet.watched if self.assigned[site.id] == shard]
        rules = {
            "expected": expected(sites, self.fleet.hub),
            "sites": states(self.fleet.watched, self.fleet.hub),
            "sums": region_sums(self.egress, self.fleet.hub),
            "site-alerts": site_alerts(self.fleet, self.settings),
        }
        watched = {"backfill-alerts": backfill_alerts(self.fleet.hub, self.settings)}
        return rules | (watched if self.settings.backfill_address else {})

    def _global_rules(self) -> dict[str, RuleFile]:
        interval = text(self.fleet.hub.evaluation_interval)
        group = RuleGroup(name="hub-watchdog", interval=interval, rules=(watchdog(self.settings),))
        return {"merged": figures.merged(self.fleet, self.egress), "watchdog": RuleFile(groups=(group,))}

    def _top_rules(self) -> dict[str, RuleFile]:
        return {
            "figures": figures.figures(self.fleet, self.egress),
            "fleet-alerts": fleet_alerts(self.fleet, self.egress, self.settings),
        } | {one.name: visibility.rules(one, self.fleet.hub, self.version, self.settings) for one in self.objectives}

    def _rule_files(self, folder: PurePosixPath, rules: Mapping[str, RuleFile]) -> Iterator[Artifact]:
        """Those that hold a rule."""
        source = PurePosixPath(self.fleet.source).name
        for name, rule_file in rules.items():
            if rule_file.groups:
                yield Artifact(folder / "rules" / f"{name}.yaml", render_rules(rule_file, source))

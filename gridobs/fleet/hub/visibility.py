"""The objectives of the hub itself, such as how much of the time it sees its sites.

They are OpenSLO like those of a site, compiled by the same compiler, and read what the top tier records. Their source
is ``hub/`` in the folder of sources.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.rules.durations import text
from gridobs.rules.handwritten import ALERT_PLACEHOLDER
from gridobs.rules.model import AlertRule, RecordingRule, RuleFile
from gridobs.slo.catalogue import load_objectives
from gridobs.slo.compile import compile_objective
from gridobs.slo.model import CompileOptions
from gridobs.slo.settings import SLO_PLACEHOLDER, load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from gridobs.fleet.hub.settings import Settings
    from gridobs.fleet.model import Hub
    from gridobs.slo.model import Objective
    from gridobs.slo.promql import PrometheusVersion

FOLDER = "hub"


def load(sources: Path) -> tuple[Objective, ...]:
    """The objectives in ``sources/hub/slos``, by name; none without that folder.

    Raises SourceError with every problem.
    """
    folder = sources / FOLDER
    if not folder.is_dir():
        return ()
    found = (one.objective for one in load_objectives(folder, load_settings(folder)))
    return tuple(sorted(found, key=lambda one: one.name))


def options(hub: Hub, version: PrometheusVersion, settings: Settings) -> CompileOptions:
    """How the rules of the hub's objectives run; what they read is recorded as often as they are evaluated."""
    interval = text(hub.evaluation_interval)
    return CompileOptions(
        interval=interval,
        scrape_interval=interval,
        version=version,
        runbooks=settings.runbooks.replace(ALERT_PLACEHOLDER, SLO_PLACEHOLDER),
    )


def rules(objective: Objective, hub: Hub, version: PrometheusVersion, settings: Settings) -> RuleFile:
    """The compiled objective; its alerts are about the fleet, not about the site the compiler has in mind."""

    def of_fleet(rule: AlertRule | RecordingRule) -> AlertRule | RecordingRule:
        if isinstance(rule, RecordingRule):
            return rule
        return replace(rule, labels={**rule.labels, names.LABEL_SCOPE: names.SCOPE_FLEET})

    compiled = compile_objective(objective, options(hub, version, settings))
    return RuleFile(
        groups=tuple(replace(group, rules=tuple(of_fleet(rule) for rule in group.rules)) for group in compiled.groups)
    )

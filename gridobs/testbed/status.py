"""How each objective stands, as Prometheus has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs.slo.status import Scope, read_standings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs.slo.model import Objective
    from gridobs.testbed.http_api import ActiveAlert, PrometheusApi


@dataclass(frozen=True, slots=True)
class ObjectiveStatus:
    """One objective now. ``None`` is "no data", which is neither good nor bad.

    Attributes:
        name: of the objective.
        objective: the share of events that must be good.
        sli: the share that was, over five minutes.
        burn_rate: over five minutes; 1 spends exactly the budget in its period.
        budget_left: of the period's, 1 is all; below 0 it is overspent.
        coverage: the share of the period with data.
        alerts: those of this objective that are pending or firing.
    """

    name: str
    objective: float
    sli: float | None
    burn_rate: float | None
    budget_left: float | None
    coverage: float | None
    alerts: tuple[ActiveAlert, ...]

    @property
    def complete(self) -> bool:
        return None not in (self.sli, self.burn_rate, self.budget_left)


def read_status(prometheus: PrometheusApi, objectives: Sequence[Objective]) -> list[ObjectiveStatus]:
    """How each objective stands, in the order given.

    Raises:
        ComponentFailed: Prometheus did not answer.
    """
    standings = {standing.slo: standing for standing in read_standings(prometheus, Scope())}
    alerts = prometheus.alerts()
    return [
        ObjectiveStatus(
            name=objective.name,
            objective=float(objective.target),
            sli=standing.sli if standing else None,
            burn_rate=standing.burn_rate if standing else None,
            budget_left=standing.budget_left if standing else None,
            coverage=standing.coverage if standing else None,
            alerts=tuple(alert for alert in alerts if alert.slo == objective.name),
        )
        for objective in objectives
        for standing in [standings.get(objective.name)]
    ]

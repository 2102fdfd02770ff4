"""One alert of a hub: its labels, its link, its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.rules.durations import text
from gridobs.rules.handwritten import ALERT_PLACEHOLDER
from gridobs.rules.model import AlertRule

if TYPE_CHECKING:
    from gridobs.fleet.hub.settings import Settings

SERVICE = "federation"
"""The service that is affected when the hub and a site lose each other."""


def alert(
    name: str,
    expr: str,
    *,
    severity: str,
    scope: str,
    summary: str,
    description: str,
    settings: Settings,
    hold: int = 0,
    service: str | None = SERVICE,
) -> AlertRule:
    """An alert with its runbook; ``hold`` is in seconds, ``service`` None is that of the series."""
    labels = {names.LABEL_SEVERITY: severity, names.LABEL_SCOPE: scope}
    return AlertRule(
        alert=name,
        expr=expr,
        hold=text(hold) if hold else None,
        labels=labels | ({names.LABEL_SERVICE: service} if service else {}),
        annotations={
            "summary": summary,
            "description": description,
            "runbook_url": settings.runbooks.replace(ALERT_PLACEHOLDER, name),
        },
    )

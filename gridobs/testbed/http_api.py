"""Asking Prometheus, over its HTTP API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from gridobs.errors import ComponentFailed, ServerError
from gridobs.prometheus import Client

PENDING = "pending"
FIRING = "firing"
_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ActiveAlert:
    """An alert as Prometheus sees it; ``state`` is ``PENDING`` or ``FIRING``."""

    name: str
    severity: str
    slo: str | None
    state: str


def responds(url: str) -> bool:
    """Whether a GET of ``url`` is answered with success."""
    try:
        return requests.get(url, timeout=_TIMEOUT_SECONDS).ok
    except requests.RequestException:
        return False


class PrometheusApi(Client):
    """The Prometheus of a substation. Raises ComponentFailed where another client raises ServerError."""

    def __init__(self, url: str) -> None:
        super().__init__(url, timeout=_TIMEOUT_SECONDS)

    def alerts(self) -> list[ActiveAlert]:
        """All alerts that are pending or firing."""
        return [
            ActiveAlert(
                name=row["labels"]["alertname"],
                severity=row["labels"].get("severity", ""),
                slo=row["labels"].get("slo"),
                state=row["state"],
            )
            for row in self.ask("alerts", {}, method="GET")["alerts"]
        ]

    def ask(self, path: str, asked: dict[str, Any], *, method: str = "POST") -> Any:  # noqa: ANN401 - JSON
        try:
            return super().ask(path, asked, method=method)
        except ServerError as error:
            raise ComponentFailed(str(error)) from error

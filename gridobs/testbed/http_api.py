"""Asking Prometheus, over its HTTP API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from gridobs.errors import ComponentFailed

PENDING = "pending"
FIRING = "firing"
_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Sample:
    labels: dict[str, str]
    value: float


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


class PrometheusApi:
    """The HTTP API v1 of a Prometheus at ``url``."""

    def __init__(self, url: str) -> None:
        self._url = url

    def query(self, expression: str) -> list[Sample]:
        """The instant vector ``expression`` gives now.

        Raises:
            ComponentFailed: Prometheus did not answer, or refused the expression.
        """
        result = self._get("query", query=expression)["result"]
        return [
            Sample({k: v for k, v in row["metric"].items() if k != "__name__"}, float(row["value"][1]))
            for row in result
        ]

    def alerts(self) -> list[ActiveAlert]:
        """All alerts that are pending or firing.

        Raises:
            ComponentFailed: Prometheus did not answer.
        """
        return [
            ActiveAlert(
                name=row["labels"]["alertname"],
                severity=row["labels"].get("severity", ""),
                slo=row["labels"].get("slo"),
                state=row["state"],
            )
            for row in self._get("alerts")["alerts"]
        ]

    def _get(self, path: str, **params: str) -> Any:  # noqa: ANN401 - JSON
        try:
            answer = requests.get(f"{self._url}/api/v1/{path}", params=params, timeout=_TIMEOUT_SECONDS)
            answer.raise_for_status()
            return answer.json()["data"]
        except requests.RequestException as error:
            raise ComponentFailed(f"Prometheus at {self._url} gave no answer: {error}") from error

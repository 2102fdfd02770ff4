"""A batch and a status as OPA sends them, and what the collector exposes after them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from gridobs_exporters.pages import Request
from gridobs_exporters.policy.collector import PolicyCollector, PolicySettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from http import HTTPStatus

    from tests.unit.exporters.conftest import Hands

FIXTURES = Path(__file__).parents[3] / "fixtures" / "policy"


@pytest.fixture(scope="session")
def batch() -> list[Any]:
    loaded: list[Any] = json.loads((FIXTURES / "decision_logs.json").read_text())
    return loaded


@pytest.fixture(scope="session")
def status() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FIXTURES / "status.json").read_text())
    return loaded


class Sent:
    """A collector and the ways to speak to it."""

    def __init__(self, collector: PolicyCollector) -> None:
        self.collector = collector

    def post(self, body: object, path: str = "/logs", *, zipped: bool = True) -> HTTPStatus:
        """The status of the answer; what is not bytes is sent as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        (route,) = (route for route in self.collector.routes() if route.leads_to(path))
        request = Request(method="POST", path=path, body=gzip.compress(raw) if zipped else raw)
        return route.answer(request).status

    def value(self, name: str, *labels: str) -> float | None:
        """Of the series with these label values, as exposed; None if there is none."""
        values = [
            sample.value
            for family in self.collector.collect().samples.families()[0]
            for sample in family.samples
            if sample.name == name and tuple(sample.labels.values()) == labels
        ]
        assert len(values) <= 1
        return values[0] if values else None


@pytest.fixture
def sent(hands: Hands) -> Callable[..., Sent]:
    def make(settings: PolicySettings | None = None) -> Sent:
        return Sent(PolicyCollector(settings or PolicySettings(), clock=hands.clock))

    return make

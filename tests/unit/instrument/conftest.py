"""A running endpoint and its scrapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from gridobs.instrument import start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gridobs.instrument import Endpoint


@dataclass(frozen=True, slots=True)
class Scrape:
    text: str
    content_type: str

    @property
    def types(self) -> dict[str, str]:
        """What ``# TYPE`` says, by the name it stands at."""
        rows = (line.split() for line in self.text.splitlines() if line.startswith("# TYPE "))
        return {row[2]: row[3] for row in rows}

    @property
    def helps(self) -> dict[str, str]:
        rows = (line.split(maxsplit=3) for line in self.text.splitlines() if line.startswith("# HELP "))
        return {row[2]: row[3] for row in rows}

    def value(self, name: str, **labels: str) -> float | None:
        """The value of one series, None if it is absent; a series that stands twice is a failure."""
        values = [
            sample.value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
            if sample.name == name and sample.labels == labels
        ]
        assert len(values) <= 1
        return values[0] if values else None

    def label_values(self, name: str, label: str) -> list[str]:
        return [
            sample.labels[label]
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
            if sample.name == name
        ]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    running = start(service="power-data-processor", host="127.0.0.1", port=0)
    yield running
    running.close()


@pytest.fixture
def scrape(endpoint: Endpoint) -> Callable[..., Scrape]:
    def fetch(accept: str = "*/*") -> Scrape:
        answer = requests.get(endpoint.url, headers={"Accept": accept}, timeout=10)
        answer.raise_for_status()
        return Scrape(answer.text, answer.headers["Content-Type"])

    return fetch

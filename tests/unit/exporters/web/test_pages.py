"""What the exporter's own pages say, and how long collectors get."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest
import requests
from gridobs_exporters.clock import Clock
from gridobs_exporters.metric import gauge
from gridobs_exporters.pages import Request, Route, scrape_timeout, text
from gridobs_exporters.scrape import ONLY, Collector, Reading, Scraper
from gridobs_exporters.web.routes import landing, own_routes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.unit.exporters.web.conftest import Serve

UP = gauge("gridobs_still_up", "Whether.")


class Still(Collector):
    """A collector that is always up, and has a page of its own."""

    up = UP

    def __init__(self, name: str) -> None:
        self.name = name

    def routes(self) -> Sequence[Route]:
        return [
            Route(path=f"/{self.name}", answer=lambda _: text(HTTPStatus.OK, "here"), about=f"pages of <{self.name}>")
        ]

    def collect(self) -> Reading:
        return Reading(up={ONLY: True}, complete=True)


@pytest.fixture
def url(serve: Serve) -> str:
    scraper = Scraper([Still("still"), Still("calm")], version="1.2.3", clock=Clock())
    routes = [*own_routes(scraper, metrics_path="/metrics"), *scraper.routes()]
    return serve(*routes, landing(scraper, routes)).url


@pytest.mark.parametrize("path", ["/", "/-/healthy", "/-/ready", "/metrics", "/still", "/calm"])
def test_pages_are_served(url: str, path: str) -> None:
    assert requests.get(url + path, timeout=10).status_code == requests.codes.ok
    assert requests.head(url + path, timeout=10).text == ""


def test_the_landing_page_leads_to_the_others(url: str) -> None:
    page = requests.get(url, timeout=10).text

    assert '<a href="/metrics">' in page
    assert '<a href="/still">' in page
    assert "pages of &lt;still&gt;" in page
    assert "1.2.3" in page


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "text/plain"),
        ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", "application/openmetrics-text"),
    ],
)
def test_the_format_is_the_one_asked_for(url: str, accept: str, content_type: str) -> None:
    answer = requests.get(f"{url}/metrics", headers={"Accept": accept}, timeout=10)

    assert answer.headers["Content-Type"].startswith(content_type)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "gridobs_still_up 1.0" in answer.text


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ({}, {"calm", "still"}),
        ({"collect[]": ["calm"]}, {"calm"}),
        ({"collect[]": ["calm", "still"]}, {"calm", "still"}),
        ({"exclude[]": ["calm"]}, {"still"}),
    ],
)
def test_collectors_are_chosen_by_the_caller(url: str, query: dict[str, list[str]], read: set[str]) -> None:
    page = requests.get(f"{url}/metrics", params=query, timeout=10).text

    assert {name for name in ("calm", "still") if f'collector_success{{collector="{name}"}}' in page} == read


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"collect[]": ["still", "k3s"]}, "No collector k3s here; there is still, calm.\n"),
        ({"exclude[]": ["k3s"]}, "No collector k3s here; there is still, calm.\n"),
        ({"exclude[]": ["still", "calm"]}, "exclude[] leaves no collector; there is still, calm.\n"),
        ({"collect[]": ["still"], "exclude[]": ["calm"]}, "Give collect[] or exclude[], not both.\n"),
    ],
)
def test_a_choice_that_cannot_be_made_is_a_bad_request(url: str, query: dict[str, list[str]], told: str) -> None:
    answer = requests.get(f"{url}/metrics", params=query, timeout=10)

    assert (answer.status_code, answer.text) == (requests.codes.bad_request, told)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("10", 9.5), ("0.4", 0.2), (None, 5.0), ("soon", 5.0), ("nan", 5.0), ("inf", 5.0), ("-1", 5.0), ("0", 5.0)],
)
def test_collectors_get_less_than_the_scrape_has(header: str | None, seconds: float) -> None:
    headers = {"x-prometheus-scrape-timeout-seconds": header} if header else {}

    assert scrape_timeout(Request(method="GET", path="/metrics", headers=headers)) == pytest.approx(seconds)

"""What the exporter's own pages say, and how long collectors get."""

from __future__ import annotations

import base64
import hashlib
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest
import requests
from gridobs_exporters.clock import Clock
from gridobs_exporters.metric import gauge
from gridobs_exporters.pages import Request, Route, scrape_timeout, text
from gridobs_exporters.scrape import ONLY, Collector, Reading, Scraper
from gridobs_exporters.web.landing import landing
from gridobs_exporters.web.routes import own_routes

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


class Hung(Still):
    """A collector whose source never answers."""

    up = gauge("gridobs_hung_up", "Whether.")

    def __init__(self) -> None:
        super().__init__("hung")
        self.may = threading.Event()

    def collect(self) -> Reading:
        self.may.wait(30)
        return super().collect()


@pytest.fixture
def url(serve: Serve) -> str:
    scraper = Scraper([Still("still"), Still("calm")], version="1.2.3", clock=Clock())
    routes = [*own_routes(scraper, metrics_path="/metrics"), *scraper.routes()]
    about = {name: f"a <{name}> source" for name in scraper.names}
    return serve(*routes, landing("1.2.3", about, routes, metrics_path="/metrics")).url


@pytest.mark.parametrize("path", ["/", "/-/healthy", "/-/ready", "/metrics", "/still", "/calm"])
def test_pages_are_served(url: str, path: str) -> None:
    assert requests.get(url + path, timeout=10).status_code == requests.codes.ok
    assert requests.head(url + path, timeout=10).text == ""


def test_the_landing_page_leads_to_the_others(url: str) -> None:
    page = requests.get(url, timeout=10).text

    assert '<a href="/metrics">' in page
    assert '<a href="/still">' in page
    assert "pages of &lt;still&gt;" in page
    assert '<a href="/metrics?collect[]=calm">calm</a><td>a &lt;calm&gt; source' in page
    assert "1.2.3" in page


def test_the_landing_page_may_load_nothing_but_the_style_it_brings(url: str) -> None:
    answer = requests.get(url, timeout=10)
    style = answer.text.partition("<style>")[2].partition("</style>")[0].encode()
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode()

    assert f"default-src 'none'; style-src 'sha256-{digest}'" in answer.headers["Content-Security-Policy"]
    assert "http" not in answer.text.removeprefix("<!doctype html>")


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


def test_a_hung_collector_costs_its_own_series_and_the_scrape_comes_in_time(serve: Serve) -> None:
    hung = Hung()
    scraper = Scraper([Still("still"), hung], version="1.2.3", clock=Clock())
    url = serve(*own_routes(scraper, metrics_path="/metrics")).url
    headers = {"X-Prometheus-Scrape-Timeout-Seconds": "0.2"}
    pages = [requests.get(f"{url}/metrics", headers=headers, timeout=10).text for _ in range(2)]
    hung.may.set()

    for page in pages:
        assert "gridobs_still_up 1.0" in page
        assert 'gridobs_exporter_collector_success{collector="hung"} 0.0' in page
        assert "gridobs_hung_up 0.0" in page


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("10", 9.5), ("0.4", 0.2), (None, 5), ("soon", 5), ("nan", 5), ("inf", 5), ("-1", 5), ("0", 5), ("1e9", 120)],
)
def test_collectors_get_less_than_the_scrape_has(header: str | None, seconds: float) -> None:
    headers = {"x-prometheus-scrape-timeout-seconds": header} if header else {}

    assert scrape_timeout(Request(method="GET", path="/metrics", headers=headers)) == pytest.approx(seconds)

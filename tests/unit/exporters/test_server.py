"""HTTP: pages, negotiation and how long collectors get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from gridobs_exporters.clock import Clock
from gridobs_exporters.metric import gauge
from gridobs_exporters.scrape import ONLY, Collector, Reading, Scraper
from gridobs_exporters.server import ExporterServer, scrape_timeout

if TYPE_CHECKING:
    from collections.abc import Iterator


class Still(Collector):
    """A collector that is always up."""

    name = "still"
    up = gauge("gridobs_still_up", "Whether.")

    def collect(self) -> Reading:
        return Reading(up={ONLY: True}, complete=True)


@pytest.fixture
def url() -> Iterator[str]:
    scraper = Scraper([Still()], version="1.2.3", clock=Clock())
    server = ExporterServer(("127.0.0.1", 0), metrics_path="/metrics", scraper=scraper)
    thread = server.serve()
    yield server.url
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("path", ["/", "/-/healthy", "/-/ready", "/metrics"])
def test_pages_are_served(url: str, path: str) -> None:
    assert requests.get(url + path, timeout=10).status_code == requests.codes.ok
    assert requests.head(url + path, timeout=10).text == ""


@pytest.mark.parametrize("path", ["/nothing", "/metrics/", "/../etc/passwd", "/-/"])
def test_anything_else_is_not_found(url: str, path: str) -> None:
    assert requests.get(url + path, timeout=10).status_code == requests.codes.not_found


def test_the_landing_page_leads_to_the_metrics(url: str) -> None:
    assert '<a href="/metrics">' in requests.get(url, timeout=10).text


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


def test_a_collector_that_is_not_there_is_a_bad_request_that_names_those_that_are(url: str) -> None:
    answer = requests.get(f"{url}/metrics", params={"collect[]": ["still", "k3s"]}, timeout=10)

    assert answer.status_code == requests.codes.bad_request
    assert answer.text == "No collector k3s here; there is still.\n"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("10", 9.5), ("0.4", 0.2), (None, 5.0), ("soon", 5.0), ("nan", 5.0), ("inf", 5.0), ("-1", 5.0), ("0", 5.0)],
)
def test_collectors_get_less_than_the_scrape_has(header: str | None, seconds: float) -> None:
    assert scrape_timeout(header) == pytest.approx(seconds)

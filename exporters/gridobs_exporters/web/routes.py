"""The table of pages: the exporter's own, and what collectors serve besides."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from gridobs_exporters.pages import Response, Route, text
from gridobs_exporters.web.metrics import metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs_exporters.pages import Answer
    from gridobs_exporters.scrape import Scraper


def own_routes(scraper: Scraper, *, metrics_path: str) -> list[Route]:
    return [
        Route(path=metrics_path, answer=metrics(scraper), about="what all collectors read, for Prometheus"),
        Route(
            path="/-/healthy",
            answer=_says("gridobs-exporter is healthy."),
            about="whether the process lives",
            always=True,
        ),
        Route(
            path="/-/ready",
            answer=_says("gridobs-exporter is ready."),
            about="whether it serves requests",
            always=True,
        ),
    ]


def find(routes: Sequence[Route], method: str, path: str) -> Route | Response:
    """The route to ask; the longest path wins. A response where there is none for this path or this method."""
    here = sorted((route for route in routes if route.leads_to(path)), key=lambda route: len(route.path))
    if not here:
        return text(HTTPStatus.NOT_FOUND, "Not found; see / for what is here.")
    nearest = [route for route in here if route.path == here[-1].path]
    for route in nearest:
        if route.method == ("GET" if method == "HEAD" else method):
            return route
    allowed = sorted({name for route in nearest for name in _methods(route)})
    return text(HTTPStatus.METHOD_NOT_ALLOWED, f"{method} is not for {path}.", Allow=", ".join(allowed))


def _says(line: str) -> Answer:
    return lambda _: text(HTTPStatus.OK, line)


def _methods(route: Route) -> tuple[str, ...]:
    return ("GET", "HEAD") if route.method == "GET" else (route.method,)

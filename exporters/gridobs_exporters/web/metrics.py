"""Families of samples as a page, in the format the caller asks for."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from gridobs_exporters.pages import Request, Response, scrape_timeout, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prometheus_client.core import Metric

    from gridobs_exporters.pages import Answer
    from gridobs_exporters.scrape import Scraper


def render(families: Iterable[Metric], request: Request) -> Response:
    """The text format or OpenMetrics, as ``Accept`` asks for."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(list(families)))
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(body=encode(registry), content_type=content_type)


def metrics(scraper: Scraper) -> Answer:
    """A scrape of all collectors, of those in ``collect[]`` or of those not in ``exclude[]``."""

    def answer(request: Request) -> Response:
        only, without = (set(request.query.get(key, ())) for key in ("collect[]", "exclude[]"))
        there = ", ".join(scraper.names)
        if only and without:
            return text(HTTPStatus.BAD_REQUEST, "Give collect[] or exclude[], not both.")
        if unknown := sorted((only | without).difference(scraper.names)):
            return text(HTTPStatus.BAD_REQUEST, f"No collector {', '.join(unknown)} here; there is {there}.")
        if without and not (only := set(scraper.names) - without):
            return text(HTTPStatus.BAD_REQUEST, f"exclude[] leaves no collector; there is {there}.")
        return render(scraper.scrape(only=only, timeout=scrape_timeout(request)), request)

    return answer


class _Families:
    """One scrape as a collector of a registry of its own."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Sequence[Metric]:
        return self._families

    def describe(self) -> Sequence[Metric]:
        return ()

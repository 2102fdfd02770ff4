"""From a host and a port to metrics that Prometheus can scrape."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs.errors import GridObsError
from gridobs.instrument.http import PATH, HttpServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridobs.instrument.exposition import Exposition
    from gridobs.instrument.metrics import PowerMetrics


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running ``/metrics``; ``port`` is the real one if 0 was asked for."""

    url: str
    port: int
    _exposition: Exposition
    _server: HttpServer

    @property
    def metrics(self) -> PowerMetrics:
        return self._exposition.metrics

    def close(self) -> None:
        """Free the port and the threads; metrics may still be reported, to nobody."""
        self._server.close()
        self._exposition.close()


def start(*, service: str, host: str, port: int) -> Endpoint:
    """Serve the metrics of ``service`` on ``http://host:port/metrics``; port 0 lets the system choose.

    Start it after the last ``fork``: threads do not survive one.

    Raises:
        PortTaken: Another program listens there.
        GridObsError: The address cannot be used, or OpenTelemetry is not installed.
    """
    try:
        from gridobs.instrument.exposition import Exposition  # noqa: PLC0415 - the extra is optional, so it must be late
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "opentelemetry":
            raise
        raise GridObsError("OpenTelemetry is not installed; run: pip install 'gridobs[otel]'") from None
    exposition = Exposition.build(service=service)
    try:
        server = HttpServer.bind(exposition.registry, host=host, port=port)
    except BaseException:
        exposition.close()
        raise
    server.start()
    return Endpoint(f"http://{_in_url(host)}:{server.port}{PATH}", server.port, exposition, server)


@contextmanager
def serve(*, service: str, host: str, port: int) -> Iterator[PowerMetrics]:
    """``start`` for a ``with`` block, closed at its end."""
    endpoint = start(service=service, host=host, port=port)
    try:
        yield endpoint.metrics
    finally:
        endpoint.close()


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host

"""Servers on free ports of loopback, ended by the test that started them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from gridobs_exporters.clock import Clock
from gridobs_exporters.web.server import ExporterServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridobs_exporters.pages import Route

    class Serve(Protocol):
        def __call__(self, *routes: Route, **options: Any) -> ExporterServer: ...  # noqa: ANN401 - ExporterServer's own


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as started:

        def start(*routes: Route, **options: Any) -> ExporterServer:  # noqa: ANN401 - as above
            server = ExporterServer(("127.0.0.1", 0), routes, **{"clock": Clock()} | options)
            started.callback(server.server_close)
            thread = server.serve()
            started.callback(thread.join)
            started.callback(server.shutdown)
            return server

        yield start

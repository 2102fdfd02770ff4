"""``gridobs-exporter``: serve until told to stop."""

from __future__ import annotations

import importlib.metadata
import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING

from gridobs_exporters import flags
from gridobs_exporters.clock import Clock
from gridobs_exporters.collectors import KINDS, PAGES
from gridobs_exporters.config.document import ConfigError
from gridobs_exporters.scrape import Scraper
from gridobs_exporters.web.guard import Guard
from gridobs_exporters.web.landing import landing
from gridobs_exporters.web.routes import own_routes
from gridobs_exporters.web.server import ExporterServer

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger("gridobs_exporters")


def main(argv: Sequence[str] | None = None) -> int:
    """0 after SIGTERM or SIGINT; 2 with a line on stderr if it cannot work as asked."""
    version = importlib.metadata.version("gridobs")
    try:
        settings = flags.parse(sys.argv[1:] if argv is None else argv, version=version, kinds=KINDS, pages=PAGES)
    except ConfigError as error:
        return _refuse(str(error))
    if settings.only_check:
        sys.stdout.write(f"{', '.join([*settings.collectors, *settings.pages])}: this can work.\n")
        return 0
    logging.basicConfig(
        stream=sys.stderr,
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)s %(threadName)s: %(message)s",
    )
    clock = Clock()
    collectors = [make(clock) for make in settings.collectors.values()]
    scraper = Scraper(collectors, version=version, clock=clock, limits=settings.limits)
    routes = [*own_routes(scraper, metrics_path=settings.metrics_path), *scraper.routes()]
    routes += (make(clock) for make in settings.pages.values())
    about = {kind.name: kind.about for kind in KINDS if kind.name in settings.collectors}
    routes.append(landing(version, about, routes, metrics_path=settings.metrics_path))
    try:
        server = ExporterServer(
            (settings.host, settings.port),
            routes,
            clock=clock,
            max_requests=settings.max_requests,
            guard=Guard(settings.web_config, clock=clock),
        )
    except ConfigError as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(
            f"--web.listen-address: cannot listen on {settings.host}:{settings.port}: {error.strerror}; "
            "end the program that has it or choose another, port 0 for any that is free"
        )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    serving = server.serve()
    scraper.start()
    log.info("gridobs-exporter %s serves %s%s", version, server.url, settings.metrics_path)
    stop.wait()
    log.info("stopping")
    server.shutdown()
    server.server_close()
    scraper.stop()
    serving.join(timeout=1.0)
    return 0


def _refuse(problems: str) -> int:
    for line in problems.splitlines():
        sys.stderr.write(f"gridobs-exporter: {line}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())

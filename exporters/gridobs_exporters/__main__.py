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
from gridobs_exporters.mqtt.collector import MqttCollector
from gridobs_exporters.pipeline.collector import PipelineCollector
from gridobs_exporters.scrape import Scraper
from gridobs_exporters.server import ExporterServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs_exporters.flags import Settings
    from gridobs_exporters.scrape import Collector

log = logging.getLogger("gridobs_exporters")


def main(argv: Sequence[str] | None = None) -> int:
    """0 after SIGTERM or SIGINT; 2 with a line on stderr if it cannot work as asked."""
    version = importlib.metadata.version("gridobs")
    try:
        settings = flags.parse(sys.argv[1:] if argv is None else argv, version=version)
    except flags.FlagError as error:
        return _refuse(str(error))
    logging.basicConfig(
        stream=sys.stderr,
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)s %(threadName)s: %(message)s",
    )
    scraper = Scraper(_collectors(settings, Clock()), version=version, clock=Clock())
    try:
        server = ExporterServer((settings.host, settings.port), metrics_path=settings.metrics_path, scraper=scraper)
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


def _collectors(settings: Settings, clock: Clock) -> list[Collector]:
    collectors: list[Collector] = []
    if settings.mqtt:
        collectors.append(MqttCollector(settings.mqtt, clock=clock))
    if settings.pipeline:
        collectors.append(PipelineCollector(settings.pipeline, clock=clock))
    return collectors


def _refuse(problems: str) -> int:
    for line in problems.splitlines():
        sys.stderr.write(f"gridobs-exporter: {line}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())

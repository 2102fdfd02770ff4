"""A real Prometheus scrapes a processor."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from gridobs import conventions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gridobs.instrument import Endpoint

CONFIG = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs:
  - job_name: processor
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""
PATIENCE_SECONDS = 60


@pytest.fixture
def prometheus(endpoint: Endpoint, tmp_path: Path) -> Iterator[str]:
    program = shutil.which("prometheus")
    if program is None and os.environ.get("CI") != "true":
        pytest.skip("prometheus is not installed; make setup installs it")
    assert program is not None, "prometheus is not installed"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    config = tmp_path / "prometheus.yml"
    config.write_text(CONFIG.format(port=endpoint.port))
    process = subprocess.Popen(
        [
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=error",
        ]
    )
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=30)


def _wait_for(prometheus: str, query: str, expected: str) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = []
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        try:
            answer = requests.get(f"{prometheus}/api/v1/query", params={"query": query}, timeout=10)
            result = answer.json()["data"]["result"]
        except (requests.RequestException, KeyError, ValueError):
            result = []
        if [expected] == [row["value"][1] for row in result]:
            return result
        time.sleep(0.1)
    pytest.fail(f"{query} never became {expected}; last answer: {result}")


def test_the_first_records_are_an_increase_and_not_a_new_series(endpoint: Endpoint, prometheus: str) -> None:
    counter, histogram = conventions.POWER_RECORDS, f"{conventions.POWER_PROCESSING_LATENCY}_count"
    _wait_for(prometheus, counter, "0")
    _wait_for(prometheus, histogram, "0")
    endpoint.metrics.received(7)
    endpoint.metrics.committed(latencies=[0.01] * 5, ages=[0.2] * 5)
    (row,) = _wait_for(prometheus, f"max_over_time({counter}[1m]) - min_over_time({counter}[1m])", "7")
    _wait_for(prometheus, f"max_over_time({histogram}[1m]) - min_over_time({histogram}[1m])", "5")

    assert set(row["metric"]) == {"instance", "job"}

"""A real Prometheus that holds the samples a test made."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from typing import TYPE_CHECKING, Protocol

import pytest

from gridobs.testbed.http_api import responds
from gridobs.testbed.processes import Process

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Serve(Protocol):
    def __call__(self, samples: Iterable[tuple[str, Mapping[str, str], int, float]]) -> str:
        """Start a Prometheus that holds the samples: name, labels, Unix seconds, value. Gives its URL."""


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    if not (shutil.which("prometheus") and shutil.which("promtool")) and os.environ.get("CI") != "true":
        pytest.skip("prometheus is not installed; make setup installs it")
    with contextlib.ExitStack() as stack:

        def start(samples: Iterable[tuple[str, Mapping[str, str], int, float]]) -> str:
            folder = tmp_path_factory.mktemp("prometheus")
            text = folder / "samples.txt"
            lines = sorted((name, _braced(labels), at, value) for name, labels, at, value in samples)
            text.write_text(
                "".join(f"{name}{labels} {value!r} {at}\n" for name, labels, at, value in lines) + "# EOF\n"
            )
            load = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=768h"]
            subprocess.run([*load, text, folder / "data"], check=True, capture_output=True)
            config = folder / "prometheus.yml"
            config.write_text("scrape_configs: []\n")
            with socket.create_server(("127.0.0.1", 0)) as server:
                port = server.getsockname()[1]
            process = Process(
                "prometheus",
                [
                    "prometheus",
                    f"--config.file={config}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    "--storage.tsdb.retention.time=50y",
                    f"--web.listen-address=127.0.0.1:{port}",
                ],
                log=folder / "log",
            )
            stack.callback(process.stop)
            process.start()
            process.wait_until(lambda: responds(f"http://127.0.0.1:{port}/-/ready"), "get ready")
            return f"http://127.0.0.1:{port}"

        yield start


def _braced(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in sorted(labels.items())) + "}"

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
import yaml

from gridobs.testbed.http_api import responds
from gridobs.testbed.processes import LOOPBACK, Process
from tests.e2e.fleet.backfill.parts import Answer, Gate, Running, exported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gridobs.fleet.egress.model import Egress
    from tests.e2e.fleet.backfill.parts import Gated, Start


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    if not shutil.which("prometheus") and os.environ.get("CI") != "true":
        pytest.skip("prometheus is not installed; make setup installs it")
    with contextlib.ExitStack() as stack:
        count = 0

        def run(config: Mapping[str, Any], *, receiver: bool = True) -> Running:
            nonlocal count
            count += 1
            folder = tmp_path / f"prometheus-{count}"
            folder.mkdir()
            (folder / "prometheus.yml").write_text(yaml.safe_dump(dict(config)))
            with socket.create_server((LOOPBACK, 0)) as server:
                port = server.getsockname()[1]
            process = Process(
                folder.name,
                [
                    "prometheus",
                    f"--config.file={folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address={LOOPBACK}:{port}",
                    *(["--web.enable-remote-write-receiver"] if receiver else []),
                ],
                log=folder / "log",
            )
            stack.callback(process.stop)
            process.start()
            url = f"http://{LOOPBACK}:{port}"
            process.wait_until(lambda: responds(f"{url}/-/ready"), "get ready")
            return Running(url=url, process=process, folder=folder)

        yield run


@pytest.fixture
def egress() -> Egress:
    return exported()


@pytest.fixture
def gated() -> Iterator[Gated]:
    with contextlib.ExitStack() as stack:

        def make(upstream: str, egress: Egress) -> Gate:
            def history_at(at: int) -> Answer:
                asked = urlencode({"query": f"{egress.selector}[15m]", "time": at})
                answer = requests.get(f"{upstream}/api/v1/query?{asked}", timeout=60)
                return answer.status_code, answer.content

            gate = Gate(address="", answer=history_at)

            class Handler(BaseHTTPRequestHandler):
                protocol_version = "HTTP/1.1"

                def do_GET(self) -> None:
                    parts = urlsplit(self.path)
                    if parts.path == "/history":
                        at = int(parse_qs(parts.query)["time"][0])
                        gate.asked.append(at)
                        status, body = gate.answer(at)
                    else:
                        asked = urlencode({"match[]": egress.selector})
                        found = requests.get(f"{upstream}/federate?{asked}", timeout=60)
                        status, body = found.status_code, found.content
                    self.send_response(status)
                    self.send_header("Content-Type", "text/plain; version=0.0.4")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    with contextlib.suppress(OSError):
                        self.wfile.write(body)

                def log_message(self, *_: object) -> None:
                    pass

            server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
            server.daemon_threads = True
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            gate.address = f"{LOOPBACK}:{server.server_address[1]}"
            return gate

        yield make

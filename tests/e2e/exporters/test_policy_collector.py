"""The policy collector in the real exporter, posted to as OPA posts, while it is scraped and OPA comes and goes."""

from __future__ import annotations

import gzip
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.exporters.conftest import Start, Until

FIXTURES = Path(__file__).parents[2] / "fixtures/policy"
SECRET = "PLANTED-SECRET"  # noqa: S105 - planted to be looked for


class _Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_args: object) -> None: ...


@contextmanager
def serving(port: int) -> Iterator[int]:
    """The health page of an OPA, on ``port`` or a free one."""
    with HTTPServer(("127.0.0.1", port), _Healthy) as opa:
        thread = threading.Thread(target=opa.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield opa.server_port
        opa.shutdown()
        thread.join()


def post(url: str, body: bytes) -> int:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    return requests.post(f"{url}/logs/energy", data=body, headers=headers, timeout=30).status_code


def peak_memory(pid: int) -> int:
    """KiB."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()[0])


@pytest.mark.e2e
def test_logs_are_counted_once_and_what_they_were_about_stays_inside(exporter: Start) -> None:
    one = exporter("--collector.policy", "--log.level=debug")
    batch = (FIXTURES / "decision_logs.json").read_bytes()
    answers = [post(one.url, gzip.compress(body)) for body in (batch, batch, batch[:-9], SECRET.encode())]
    samples = one.scrape()
    exposed = requests.get(f"{one.url}/metrics", timeout=10).text

    assert answers == [200, 200, 400, 400]
    assert samples['gridobs_policy_decisions_total{path="energy/smartgrid/process_data",result="allow"}'] == 2
    assert samples['gridobs_policy_batches_total{outcome="unparseable"}'] == 2
    assert SECRET not in exposed + one.logged()


@pytest.mark.e2e
def test_hostile_batches_cost_neither_the_process_nor_a_scrape(exporter: Start) -> None:
    one = exporter("--collector.policy")
    event = json.dumps({"path": "a/allow", "result": True, "input": {"x": "y" * 400}})
    big = gzip.compress(f"[{','.join([event] * 10_000)}]".encode())
    bodies = [
        gzip.compress(b"[" + b" " * 100_000_000),
        gzip.compress(b"[" * 5_000_000),
        b"\x1f\x8b" + b"x" * 1_000,
        big,
    ]
    answers: list[int] = []
    threads = [threading.Thread(target=lambda body=body: answers.append(post(one.url, body))) for body in bodies * 4]
    idle = peak_memory(one.process.pid)
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert one.scrape()['gridobs_policy_up{opa=""}'] == 1
    for thread in threads:
        thread.join()

    assert sorted(answers) == [200] * 4 + [400] * 8 + [413] * 4
    assert one.scrape()['gridobs_policy_decisions_total{path="a/allow",result="allow"}'] == 40_000
    assert peak_memory(one.process.pid) - idle < 24 * 1024


@pytest.mark.e2e
def test_an_opa_that_goes_and_comes_is_seen_at_the_next_scrape(exporter: Start, until: Until) -> None:
    up = 'gridobs_policy_up{opa="main"}'
    with serving(0) as port:
        one = exporter(f"--policy.opa=http://127.0.0.1:{port}", "--policy.opa-name=main")
        until(lambda: one.scrape()[up] == 1, what="up")
    until(lambda: one.scrape()[up] == 0, what="down")
    with serving(port):
        until(lambda: one.scrape()[up] == 1, what="up again")

    assert one.process.poll() is None

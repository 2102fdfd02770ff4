"""The collector as the exporter runs it: configured, served, asked for the health of OPAs that answer or do not."""

from __future__ import annotations

import gzip
import json
import subprocess
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from gridobs_exporters.clock import Clock
from gridobs_exporters.collectors import KINDS
from gridobs_exporters.config.document import ConfigError
from gridobs_exporters.flags import parse
from gridobs_exporters.policy.collector import HEALTH, Opa, PolicyCollector, PolicySettings
from gridobs_exporters.web.server import ExporterServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.unit.exporters.conftest import Hands
    from tests.unit.exporters.policy.conftest import Sent

GOOD = """\
policy:
  opas:
    - {name: main, url: "http://opa:8181"}
    - {url: "https://other:8282", timeout: 500ms}
  paths: [energy/smartgrid/export, energy/smartgrid/process_data]
  only_paths: true
  decision_key: permitted
  deny_rules: [reasons]
  max_bytes: 1000000
  max_events: 1000
"""


def made(path: Path, text: str, *flags: str) -> PolicyCollector:
    path.write_text(text)
    settings = parse([f"--config.file={path}", *flags], version="0", kinds=KINDS)
    collector = settings.collectors["policy"](Clock())
    assert isinstance(collector, PolicyCollector)
    return collector


def test_the_configuration_reaches_the_collector(tmp_path: Path) -> None:
    collector = made(tmp_path / "x.yaml", GOOD)

    assert collector.targets == ("main", "other:8282")
    assert [route.body_limit for route in collector.routes()] == [1_000_000, 1 << 20]


def test_the_configuration_that_is_documented_works(tmp_path: Path) -> None:
    page = (Path(__file__).parents[4] / "docs/exporters/policy.md").read_text()
    text = page.partition("```yaml\n")[2].partition("```")[0]

    assert made(tmp_path / "x.yaml", text).targets == ("main",)


def test_flags_are_enough_for_one_opa_and_a_bare_section_for_none(tmp_path: Path) -> None:
    assert made(tmp_path / "x.yaml", "", "--policy.opa=http://127.0.0.1:8181", "--policy.opa-name=one").targets == (
        "one",
    )
    assert made(tmp_path / "x.yaml", "policy:\n").targets == ("",)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            "http://opa:8181",
            "opa:8181",
            "x.yaml:3:20: 'opa:8181' is not the address of an OPA; write http://HOST:8181",
        ),
        ("http://opa:8181", "http://opa:0", "is not the address of an OPA"),
        ("http://opa:8181", "http://opa:8181/v1", "is not the address of an OPA"),
        ("http://opa:8181", "http://me:pw@opa", "others can read a password here"),
        ("http://opa:8181", "http://opa:99999", "Port out of range"),
        ("timeout: 500ms", "timeout: 0s", "x.yaml:4:35: must be longer than 0"),
        ("{name: main, ", "{name: 'other:8282', ", "the name 'other:8282' is taken"),
        ("{name: main, ", "{ca_file: x.pem, ", "of no use without TLS; write the url as https://"),
        ("energy/smartgrid/export,", "/energy/,", "'/energy/' will not do: the path of a decision"),
        ("  paths: [energy/smartgrid/export, energy/smartgrid/process_data]\n", "", "every decision would be other"),
        ("max_bytes", "max_byte", "unknown key 'max_byte'; did you mean 'max_bytes'?"),
    ],
)
def test_what_cannot_work_is_told_with_its_place(tmp_path: Path, before: str, after: str, told: str) -> None:
    assert before in GOOD
    with pytest.raises(ConfigError) as refused:
        made(tmp_path / "x.yaml", GOOD.replace(before, after))

    assert told in str(refused.value)


class _Opa(BaseHTTPRequestHandler):
    status = HTTPStatus.OK

    def do_GET(self) -> None:
        body = b'{"error": "PLANTED-SECRET"}' if self.path == HEALTH else b""
        self.send_response(self.status if self.path == HEALTH else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None: ...


@pytest.fixture
def opa() -> Iterator[tuple[str, type[_Opa]]]:
    """An OPA's health page at a URL, and where to set its status."""
    handler = type("Handler", (_Opa,), {})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", handler
        server.shutdown()
        thread.join()


def test_up_is_what_each_opa_says_of_its_bundles_and_plugins(
    opa: tuple[str, type[_Opa]], hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    url, handler = opa
    gone = Opa(name="gone", url="http://127.0.0.1:1", timeout=1.0)
    collector = PolicyCollector(
        PolicySettings(opas=(Opa(name="main", url=url, timeout=5.0), gone)), clock=hands.clock
    )
    readings = []
    for status in (HTTPStatus.OK, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.OK):
        handler.status = status
        readings.append(collector.collect())

    assert [reading.up for reading in readings] == [
        {"main": True, "gone": False}, {"main": False, "gone": False}, {"main": True, "gone": False},
    ]  # fmt: skip
    assert not readings[0].complete
    said = [record.getMessage() for record in caplog.records]
    assert sum("gone" in line for line in said) == 1
    assert f"OPA main is not well: {HEALTH} answers 500" in said
    assert "SECRET" not in caplog.text


def test_without_an_opa_to_ask_it_is_up_as_a_receiver(sent: Callable[..., Sent]) -> None:
    reading = sent().collector.collect()

    assert (reading.up, reading.complete) == ({"": True}, True)


def test_opa_s_post_is_answered_over_http(sent: Callable[..., Sent], batch: list[Any]) -> None:
    to = sent()
    body = gzip.compress(json.dumps(batch).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    with ExporterServer(("127.0.0.1", 0), to.collector.routes(), clock=Clock()) as server:
        thread = server.serve()
        with urllib3.PoolManager() as pool:
            answers = [
                pool.request("POST", f"{server.url}/logs", body=sent_body, headers=headers, timeout=10).status
                for sent_body in (body, body, body[:-4])
            ]
        server.shutdown()
        thread.join()

    assert answers == [200, 200, 400]
    assert to.value("gridobs_policy_decisions_total", "energy/smartgrid/export", "deny") == 1


def test_promtool_has_nothing_to_say_of_the_golden_exposition(promtool: str) -> None:
    golden = (Path(__file__).parents[3] / "golden/exporters/policy.prom").read_text()
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=golden, capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")

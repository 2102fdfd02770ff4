"""The page in the exporter, and the manual's example of a Prometheus that asks for it."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.exporters.conftest import Exporter, Mosquitto, Start, Until
    from tests.e2e.exporters.probe.conftest import Authority

pytestmark = pytest.mark.e2e

GOLDEN = Path(__file__).parents[3] / "golden/exporters/probe.prom"
MANUAL = (Path(__file__).parents[4] / "docs/exporters/probe.md").read_text()
EXAMPLES = re.findall(r"```(?:yaml)?\n(.*?)```", MANUAL, re.DOTALL)


def example(start: str) -> str:
    """The only example of the manual that begins so."""
    (found,) = [text for text in EXAMPLES if text.startswith(start)]
    return str(found)


@pytest.fixture
def probed(broker: Mosquitto, exporter: Start, authority: Authority, users: Path) -> Exporter:
    """The manual's exporter, ACL and module, with the paths and the broker of this test."""
    secret, acl = users.with_name("secret"), users.with_name("acl")
    acl.write_text(example("user gridobs").replace("user gridobs", "user meter"))
    certificate, key = authority.vouch("broker", days=20)
    ours, our_key = authority.vouch("exporter", days=20)
    broker.start(f"certfile {certificate}", f"keyfile {key}", f"cafile {authority.root}", "require_certificate true",
                 f"password_file {users}", f"acl_file {acl}", anonymous=False)  # fmt: skip
    document = yaml.safe_load(example("probe:"))
    document["probe"]["targets"].append(f"mqtts://127.0.0.*:{broker.port}")
    document["probe"]["modules"]["meters"] |= {
        "username": "meter",
        "password_file": str(secret),
        "ca_file": str(authority.root),
        "cert_file": str(ours),
        "key_file": str(our_key),
    }
    config = users.with_name("exporter.yaml")
    config.write_text(yaml.safe_dump(document))
    return exporter(f"--config.file={config}")


def test_the_manuals_example_succeeds_over_http(probed: Exporter, broker: Mosquitto) -> None:
    target = f"mqtts://127.0.0.1:{broker.port}"
    answer = requests.get(f"{probed.url}/probe", params={"target": target, "module": "meters"}, timeout=10)

    assert answer.status_code == 200
    assert "\nprobe_success 1.0\n" in answer.text
    assert "gridobs_probe_failure_info{" not in answer.text
    assert "sesame" not in answer.text + probed.logged()
    assert "probe_" not in " ".join(name for name in probed.scrape() if not name.startswith("gridobs_exporter"))
    assert "/probe" in requests.get(probed.url, timeout=10).text


def test_the_real_page_is_like_the_golden_one_and_promtool_has_nothing_to_say(
    probed: Exporter, broker: Mosquitto, program: Callable[[str], str]
) -> None:
    target = f"mqtts://127.0.0.1:{broker.port}"
    page = requests.get(f"{probed.url}/probe", params={"target": target, "module": "meters"}, timeout=10).text
    checked = subprocess.run(
        [program("promtool"), "check", "metrics"], input=page, capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    assert families(page) == families(GOLDEN.read_text())


def families(page: str) -> list[str]:
    """The comments: name, help and kind of everything on the page, in its order."""
    return [line for line in page.splitlines() if line.startswith("# ")]


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 400), ("?target=mqtts://127.0.0.1:9&module=meters", 403), ("?target=mqtts://127.0.0.1&module=other", 400)],
)
def test_what_is_not_served_says_so(query: str, status: int, probed: Exporter) -> None:
    assert requests.get(f"{probed.url}/probe{query}", timeout=10).status_code == status


def test_without_a_section_there_is_no_page(exporter: Start, tmp_path: Path) -> None:
    one = exporter(f"--pipeline.store={tmp_path / 'none.db'}")

    assert requests.get(f"{one.url}/probe?target=mqtt://127.0.0.1", timeout=10).status_code == 404


def test_a_probe_that_hangs_delays_neither_metrics_nor_the_end(exporter: Start, tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as deaf:
        target = f"mqtt://127.0.0.1:{deaf.getsockname()[1]}"
        config = tmp_path / "exporter.yaml"
        config.write_text(f"probe: {{targets: ['{target}'], modules: {{slow: {{timeout: 20s}}}}}}\n")
        one = exporter(f"--config.file={config}")

        def ask() -> None:
            with suppress(requests.RequestException):  # it is cut off
                requests.get(f"{one.url}/probe?target={target}&module=slow", timeout=30)

        asking = threading.Thread(target=ask)
        asking.start()
        deaf.accept()
        began = time.monotonic()
        assert one.scrape()
        one.process.terminate()
        ended = one.process.wait(timeout=15)
        asking.join()

    assert ended == 0
    assert time.monotonic() - began < 15


@pytest.fixture
def prometheus(tmp_path: Path, program: Callable[[str], str]) -> Iterator[Callable[[dict[str, Any]], str]]:
    """Starts a Prometheus with a configuration; gives its URL."""
    started: list[subprocess.Popen[bytes]] = []

    def start(document: dict[str, Any]) -> str:
        config = tmp_path / "prometheus.yml"
        config.write_text(yaml.safe_dump(document))
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        flags = (f"--config.file={config}", f"--web.listen-address={address}", f"--storage.tsdb.path={tmp_path}/tsdb")
        with (tmp_path / "prometheus.log").open("wb") as log:
            started.append(subprocess.Popen([program("prometheus"), *flags], stdout=log, stderr=log))
        return f"http://{address}"

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_the_manuals_prometheus_has_the_target_as_instance_and_the_module(
    probed: Exporter, broker: Mosquitto, prometheus: Callable[[dict[str, Any]], str], until: Until
) -> None:
    target = f"mqtts://127.0.0.1:{broker.port}"
    text = example("scrape_configs:").replace("gridobs-exporter:9817", probed.url.removeprefix("http://"))
    document = yaml.safe_load(text)
    document["scrape_configs"][0] |= {"scrape_interval": "2s", "scrape_timeout": "2s"}
    document["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
    url = prometheus(document)

    def found() -> list[dict[str, Any]]:
        with suppress(requests.RequestException):
            answer = requests.get(f"{url}/api/v1/query", params={"query": "probe_success"}, timeout=10).json()
            return list(answer["data"]["result"])
        return []

    until(lambda: [one["value"][1] for one in found()] == ["1"], what="a probe that succeeded")
    (one,) = found()
    assert one["metric"] == {
        "__name__": "probe_success",
        "job": "mqtt-probe",
        "instance": target,
        "module": "meters",
    }

"""A real Prometheus in front of a real exporter: mutual TLS, a password, and a rotation that costs no scrape."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
import yaml

from gridobs.testbed.http_api import responds
from gridobs.testbed.processes import Process

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.exporters.conftest import Start, Until

pytestmark = pytest.mark.e2e

PAGE = (Path(__file__).parents[3] / "docs" / "exporters" / "web.md").read_text()


def example(language: str) -> str:
    """The only block of this language on the page, so that what it says has been run."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    return str(block)


def test_prometheus_scrapes_it_over_mutual_tls_with_a_password_also_while_certificates_rotate(
    exporter: Start, until: Until, program: Callable[[str], str], tmp_path: Path
) -> None:
    program("htpasswd")
    subprocess.run(["sh", "-euc", example("sh")], cwd=tmp_path, check=True, capture_output=True)
    sign(tmp_path, "other", "DNS:other.example")
    one = exporter(f"--pipeline.store={tmp_path / 'none.db'}", f"--web.config.file={tmp_path / 'web.yml'}")
    config = yaml.safe_load(example("yaml").replace("127.0.0.1:9817", one.url.removeprefix("https://")))
    (job,) = config["scrape_configs"]
    stranger, unknown = deepcopy(job), deepcopy(job)
    stranger["job_name"], unknown["job_name"] = "stranger", "unknown"
    stranger["tls_config"] |= {"cert_file": "other.crt", "key_file": "other.key"}
    unknown["basic_auth"]["username"] = "unknown"
    config["scrape_configs"] += [stranger, unknown]
    config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s"}
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    prometheus = Process(
        "prometheus",
        [
            program("prometheus"),
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address={address}",
        ],
        log=tmp_path / "prometheus.log",
    )

    def ask(query: str) -> dict[str, float]:
        answer = requests.get(f"http://{address}/api/v1/query", params={"query": query}, timeout=10).json()
        return {one["metric"].get("job", ""): float(one["value"][1]) for one in answer["data"]["result"]}

    prometheus.start()
    try:
        prometheus.wait_until(lambda: responds(f"http://{address}/-/ready"), "become ready")
        let_in = {"gridobs-exporter": 1, "stranger": 0, "unknown": 0}
        until(lambda: ask("up") == let_in, what="one of three is let in")
        sign(tmp_path, "renewed", "IP:127.0.0.1")
        for ending in ("crt", "key"):  # not at the same time, as rotations are
            shutil.copy(tmp_path / f"renewed.{ending}", tmp_path / f"server.{ending}")
        scrapes = 'count_over_time(up{job="gridobs-exporter"}[1h])'
        failures = 'count_over_time(up{job="gridobs-exporter"}[1h]) - sum_over_time(up{job="gridobs-exporter"}[1h])'
        before, enough = ask(failures), ask(scrapes)["gridobs-exporter"] + 6
        until(lambda: ask(scrapes)["gridobs-exporter"] >= enough, what="scrapes after the rotation")

        assert ask(failures) == before
        assert ask("gridobs_pipeline_up") == {"gridobs-exporter": 0}
    finally:
        prometheus.stop()
    assert "the changed web configuration is in force" in one.logged()
    assert "open sesame" not in one.logged()
    assert "$2y$" not in one.logged()


def sign(folder: Path, name: str, sans: str) -> None:
    """A certificate of the example's authority."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    signed = ["-days", "2", "-CA", "ca.crt", "-CAkey", "ca.key", "-subj", f"/CN={name}"]
    files = ["-addext", f"subjectAltName={sans}", "-keyout", f"{name}.key", "-out", f"{name}.crt"]
    subprocess.run([*command, *signed, *files], cwd=folder, check=True, capture_output=True)


def test_many_scrapes_at_once_are_all_answered(exporter: Start, tmp_path: Path) -> None:
    one = exporter(f"--pipeline.store={tmp_path / 'none.db'}", "--web.max-requests=20")
    answers: list[int] = []

    def scrape() -> None:
        for _ in range(5):
            answers.append(requests.get(f"{one.url}/metrics", timeout=30).status_code)  # noqa: PERF401 - each as it comes

    threads = [threading.Thread(target=scrape) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [requests.codes.ok] * 80

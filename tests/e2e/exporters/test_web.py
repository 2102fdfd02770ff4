"""A real Prometheus in front of a real exporter: mutual TLS, a password, and a rotation that costs no scrape."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import requests

from gridobs.testbed.http_api import responds
from gridobs.testbed.processes import Process

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.exporters.conftest import Start, Until

pytestmark = pytest.mark.e2e

WEB_CONFIG = """\
tls_server_config:
  cert_file: server.crt
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  client_allowed_sans: [prometheus.example]
basic_auth_users:
  {user}
"""
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


def certificate(folder: Path, name: str, *more: str) -> None:
    files = ("-keyout", f"{name}.key", "-out", f"{name}.crt")
    command = ["openssl", "req", "-x509", *KEY, "-subj", f"/CN={name}", *files, *more]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def signed(folder: Path, name: str, sans: str) -> None:
    authority = ("-CA", "ca.crt", "-CAkey", "ca.key")
    certificate(folder, name, *authority, "-addext", f"subjectAltName={sans}")


def job(name: str, target: str, folder: Path, *, certificate: str = "prometheus", user: str = "prometheus") -> object:
    return {
        "job_name": name,
        "scheme": "https",
        "tls_config": {
            "ca_file": str(folder / "ca.crt"),
            "cert_file": str(folder / f"{certificate}.crt"),
            "key_file": str(folder / f"{certificate}.key"),
        },
        "basic_auth": {"username": user, "password": "open sesame"},
        "static_configs": [{"targets": [target]}],
    }


def test_prometheus_scrapes_it_over_mutual_tls_with_a_password_also_while_certificates_rotate(
    exporter: Start, until: Until, program: Callable[[str], str], tmp_path: Path
) -> None:
    certificate(tmp_path, "ca")
    signed(tmp_path, "server", "IP:127.0.0.1")
    signed(tmp_path, "prometheus", "DNS:prometheus.example")
    signed(tmp_path, "other", "DNS:other.example")
    htpasswd = [program("htpasswd"), "-nbBC", "10", "prometheus", "open sesame"]
    hashed = subprocess.run(htpasswd, check=True, capture_output=True, text=True).stdout.strip()
    (tmp_path / "web.yml").write_text(WEB_CONFIG.format(user=hashed.replace(":", ": ")))
    one = exporter(f"--pipeline.store={tmp_path / 'none.db'}", f"--web.config.file={tmp_path / 'web.yml'}")
    target = one.url.removeprefix("https://")
    jobs = [
        job("let-in", target, tmp_path),
        job("wrong-name", target, tmp_path, user="other"),
        job("wrong-certificate", target, tmp_path, certificate="other"),
    ]
    config = {"global": {"scrape_interval": "500ms", "scrape_timeout": "400ms"}, "scrape_configs": jobs}
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))
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
        until(lambda: ask("up") == {"let-in": 1, "wrong-name": 0, "wrong-certificate": 0}, what="one of three let in")
        signed(tmp_path, "renewed", "IP:127.0.0.1")
        for ending in ("crt", "key"):  # not at the same time, as rotations are
            shutil.copy(tmp_path / f"renewed.{ending}", tmp_path / f"server.{ending}")
        scrapes = 'count_over_time(up{job="let-in"}[1h])'
        enough = ask(scrapes)["let-in"] + 6
        until(lambda: ask(scrapes)["let-in"] >= enough, what="scrapes after the rotation")

        assert ask('min_over_time(up{job="let-in"}[1h])') == {"let-in": 1}
        assert ask("gridobs_pipeline_up") == {"let-in": 0}
    finally:
        prometheus.stop()
    assert "the changed web configuration is in force" in one.logged()
    assert "open sesame" not in one.logged()
    assert hashed not in one.logged()


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

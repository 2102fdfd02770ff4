"""Brokers whose figures are a page: a real Mosquitto to connect to, and a page in the form of another kind."""

from __future__ import annotations

import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.unit.exporters.mqtt import standin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.exporters.conftest import Exporter, Mosquitto, Start, Until

UP = 'gridobs_mqtt_up{broker="main"}'
CLIENTS = 'gridobs_mqtt_clients_connected{broker="main"}'
CONNECTED = 'gridobs_mqtt_connected{broker="main"}'
ROUNDTRIPS = 'gridobs_mqtt_probe_roundtrip_seconds_count{broker="main",qos="2"}'
READ = {"emqx": 9, "nanomq": 5, "vernemq": 12, "hivemq": 8}  # clients connected, by the fixtures


@pytest.fixture(name="page")
def page_fixture() -> Iterator[standin.Page]:
    with standin.page("emqx") as page:
        yield page


@pytest.fixture(name="watch")
def watch_fixture(broker: Mosquitto, exporter: Start, page: standin.Page, tmp_path: Path) -> Callable[..., Exporter]:
    """An exporter of ``broker`` as one of another kind, with a name and a password for its page."""
    secret, config = tmp_path / "secret", tmp_path / "exporter.yaml"
    secret.write_text("public\n")

    def start(kind: str, *lines: str, url: str = page.url) -> Exporter:
        config.write_text(
            f"mqtt:\n  brokers:\n    - name: main\n      url: mqtt://127.0.0.1:{broker.port}\n      kind: {kind}\n"
            f"      probe_interval: 300ms\n      stats:\n        url: {url}/metrics\n        username: admin\n"
            f"        password_file: {secret}\n        interval: 500ms\n        timeout: 1s\n"
            + "".join(f"        {line}\n" for line in lines)
        )
        return exporter(f"--config.file={config}")

    return start


def is_up(exporter: Exporter) -> bool:
    return exporter.scrape()[UP] == 1


def failures(exporter: Exporter, reason: str) -> float:
    return exporter.scrape()[f'gridobs_mqtt_stats_failures_total{{broker="main",reason="{reason}"}}']


@pytest.mark.parametrize("kind", READ)
def test_a_broker_of_each_kind_is_read_from_its_page_and_probed(
    broker: Mosquitto, watch: Callable[..., Exporter], page: standin.Page, until: Until, kind: str
) -> None:
    page.shows(kind)
    broker.start()
    exporter = watch(kind)
    until(lambda: is_up(exporter) and exporter.scrape()[ROUNDTRIPS] >= 1, what="up, and a round")

    assert exporter.scrape()[CLIENTS] == READ[kind]
    assert page.asked[0] == ("/metrics", "Basic YWRtaW46cHVibGlj")
    assert "public" not in exporter.logged()


def test_a_killed_broker_is_down_although_its_page_answers_and_is_found_again(
    broker: Mosquitto, watch: Callable[..., Exporter], until: Until
) -> None:
    broker.start()
    exporter = watch("emqx")
    until(lambda: is_up(exporter), what="up")
    broker.kill()

    until(lambda: not is_up(exporter), what="down")
    assert CLIENTS not in exporter.scrape()
    broker.start()
    until(lambda: is_up(exporter), what="up again")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"status": 401}, "status"),
        ({"body": b"\x00\xffnot a metric\n" * 99}, "no_statistics"),
        ({"body": b"emqx_bytes_sent NaN\n"}, "no_statistics"),
        ({"length": 1_000_000}, "no_answer"),
        ({"hang": True}, "no_answer"),
    ],
)
def test_a_page_that_fails_is_counted_and_its_figures_vanish_and_come_back(
    broker: Mosquitto,
    watch: Callable[..., Exporter],
    page: standin.Page,
    until: Until,
    *,
    wrong: dict[str, object],
    reason: str,
) -> None:
    broker.start()
    exporter = watch("emqx")
    until(lambda: is_up(exporter), what="up")
    before = {key: getattr(page, key) for key in wrong}
    for key, value in wrong.items():
        setattr(page, key, value)

    until(lambda: not is_up(exporter), what="down")
    dark = exporter.scrape()
    assert CLIENTS not in dark
    assert dark[CONNECTED] == 1
    assert failures(exporter, reason) >= 1
    assert exporter.process.poll() is None

    for key, value in before.items():
        setattr(page, key, value)
    page.let_go.set()
    until(lambda: is_up(exporter), what="up again")


def test_a_page_behind_tls_is_read_if_somebody_trusted_vouches_for_it(
    broker: Mosquitto, watch: Callable[..., Exporter], until: Until, program: Callable[[str], str], tmp_path: Path
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([program("openssl"), *request, *names], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    broker.start()
    with standin.page("hivemq", tls=tls) as secure:
        trusting = watch("hivemq", f"ca_file: {certificate}", url=secure.url)
        until(lambda: is_up(trusting), what="up")
        distrusting = watch("hivemq", url=secure.url)
        until(lambda: failures(distrusting, "no_answer") >= 1, what="an unknown authority is not trusted")

        assert not is_up(distrusting)
        assert "CERTIFICATE_VERIFY_FAILED" in distrusting.logged()

"""The process: it refuses what cannot work in one line, and stops when told to."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.exporters.conftest import Mosquitto, Start, Until

pytestmark = pytest.mark.e2e
FAILURES = 'gridobs_mqtt_probe_failures_total{{broker="{}",qos="0"}}'
COMMAND = str(Path(sys.executable).parent / "gridobs-exporter")


def run(*flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *flags], capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_and_nothing_is_left(
    number: signal.Signals, broker: Mosquitto, exporter: Start, until: Until
) -> None:
    broker.start()
    one = exporter(
        f"--mqtt.broker=mqtt://127.0.0.1:{broker.port}", "--mqtt.broker-name=main", "--mqtt.probe-interval=200ms"
    )
    until(lambda: one.scrape()['gridobs_mqtt_up{broker="main"}'] == 1, what="up")
    one.process.send_signal(number)

    assert one.process.wait(timeout=30) == 0
    assert "Traceback" not in one.logged()
    with closing(socket.socket()) as again:
        host, port = one.url.removeprefix("http://").split(":")
        assert again.connect_ex((host, int(port))) != 0
    monitor = one_word(broker.log(), "gridobs-monitor-")
    until(lambda: f"Client {monitor} disconnected." in broker.log(), what="a clean good-bye")


def test_a_target_that_never_answers_does_not_delay_the_end(exporter: Start, until: Until) -> None:
    """A listener that never accepts: TCP connects, and then nothing comes."""
    with closing(socket.create_server(("127.0.0.1", 0))) as deaf:
        url = f"mqtt://127.0.0.1:{deaf.getsockname()[1]}"
        one = exporter(f"--mqtt.broker={url}", "--mqtt.broker-name=deaf", "--mqtt.probe-timeout=300ms")
        until(lambda: one.scrape()[FAILURES.format("deaf")] >= 1, what="a failed round")
        one.process.terminate()

        assert one.process.wait(timeout=30) == 0
    assert "no connack within 0.3 s" in one.logged()


def test_what_is_not_mqtt_is_said_once_and_survived(exporter: Start, until: Until, tmp_path: Path) -> None:
    web_server = exporter(f"--pipeline.store={tmp_path / 'none.db'}").url.removeprefix("http://")
    quick = ("--mqtt.probe-interval=200ms", "--mqtt.probe-timeout=200ms")
    one = exporter(f"--mqtt.broker=mqtt://{web_server}", "--mqtt.broker-name=web", *quick)
    until(lambda: one.scrape()[FAILURES.format("web")] >= 3, what="three failed rounds")

    assert one.scrape()['gridobs_mqtt_up{broker="web"}'] == 0
    assert one.logged().count("fails: QoS 0, 1, 2") == 1
    assert "Traceback" not in one.logged()


def test_a_port_that_is_taken_is_one_line_and_2() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run("--pipeline.store=store.db", f"--web.listen-address={address}")

    assert done.returncode == 2
    assert done.stderr == (
        f"gridobs-exporter: --web.listen-address: cannot listen on {address}: Address already in use; "
        "end the program that has it or choose another, port 0 for any that is free\n"
    )


def test_flags_that_cannot_work_are_a_line_each_and_2(tmp_path: Path) -> None:
    web = tmp_path / "web.yml"
    web.write_text("basic_auth_users: {alice: x}\nrate_limits: {}\n")
    done = run("--mqtt.broker=127.0.0.1", f"--mqtt.password-file={tmp_path / 'none'}", "--web.listen-address=nowhere",
               f"--web.config.file={web}")  # fmt: skip

    assert done.returncode == 2
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == [
        "--web.listen-address",
        f"{web}:2:1",
        "--mqtt.broker",
        "--mqtt.password-file",
    ]
    assert done.stdout == ""


def test_a_check_reads_everything_and_serves_nothing(tmp_path: Path) -> None:
    config, web = tmp_path / "exporter.yml", tmp_path / "web.yml"
    config.write_text("pipeline: {stores: [{path: store.db}]}\n")
    web.write_text("rate_limit: {interval: 1s, burst: 5}\n")
    files = (f"--config.file={config}", f"--web.config.file={web}", "--config.check")
    good = run(*files)
    web.write_text("rate_limit: {interval: 1s}\n")
    bad = run(*files)

    assert (good.returncode, good.stdout, good.stderr) == (0, "pipeline: this can work.\n", "")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr == f"gridobs-exporter: {web}:1:1: 0 lets no request in; write e.g. burst: 20\n"


def test_it_says_its_version() -> None:
    done = run("--version")

    assert (done.returncode, done.stdout.split()[0]) == (0, "gridobs-exporter")


def one_word(text: str, start: str) -> str:
    return next(word for word in text.split() if word.startswith(start))

"""The processor and the meters between real brokers that die, and brokers that refuse."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import requests

from gridobs.testbed import configuration
from gridobs.testbed.audit import Audit, audit
from gridobs.testbed.meters.ledger import read_tally
from gridobs.testbed.processes import LOOPBACK, Process, accepts, find_programs
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Line:
    """A broker, the processor and fifty meters, on ports of their own."""

    folder: Path
    metrics_url: str
    broker: Process
    processor: Process
    meters: Process

    def metrics(self) -> list[str]:
        try:
            return requests.get(self.metrics_url, timeout=5).text.splitlines()
        except requests.ConnectionError:
            return []

    def stored_more_than(self, count: int) -> bool:
        return self.books().stored > count

    def books(self) -> Audit:
        return audit(ledger=self.folder / "meters.db", store=self.folder / "power.db")

    def log(self, name: str) -> str:
        return (self.folder / name).read_text()


@pytest.fixture
def make_line(tmp_path: Path) -> Iterator[Callable[..., Line]]:
    started: list[Process] = []

    def make(*, anonymous: bool = True) -> Line:
        port, metrics = free_port(), free_port()
        (tmp_path / "broker").mkdir()
        config = configuration.mosquitto(port=port, folder=str(tmp_path / "broker"))
        if not anonymous:
            config = config.replace("allow_anonymous true", "allow_anonymous false")
        (tmp_path / "mosquitto.conf").write_text(config)
        mosquitto = find_programs({"mosquitto": ("mosquitto",)})["mosquitto"]

        def process(name: str, *command: str) -> Process:
            started.append(Process(name, command, log=tmp_path / f"{name}.log"))
            return started[-1]

        address = f"--broker={LOOPBACK}:{port}"
        line = Line(
            folder=tmp_path,
            metrics_url=f"http://{LOOPBACK}:{metrics}/metrics",
            broker=process("broker", mosquitto, "-c", str(tmp_path / "mosquitto.conf")),
            processor=process(
                "processor",
                *(sys.executable, "-m", "gridobs.testbed.processor", address),
                *(f"--store={tmp_path / 'power.db'}", f"--metrics={LOOPBACK}:{metrics}"),
            ),
            meters=process(
                "meters",
                *(sys.executable, "-m", "gridobs.testbed.meters", address),
                *(f"--ledger={tmp_path / 'meters.db'}", "--meters=50", "--rate=400"),
            ),
        )
        line.broker.start()
        line.broker.wait_until(lambda: accepts(port), "accept connections")
        line.processor.start()
        return line

    yield make
    for process in reversed(started):
        process.stop()


def eventually(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.1)


def connected(line: Line) -> bool:
    return "power_broker_connected 1.0" in line.metrics()


def test_killed_again_and_again_nothing_is_lost_or_counted_twice(make_line: Callable[..., Line]) -> None:
    line = make_line()
    eventually(lambda: connected(line), "the processor connects")
    line.meters.start()
    eventually(lambda: read_tally(line.folder / "meters.db").acknowledged > 200, "the meters publish")
    for victim in (line.processor, line.broker, line.processor, line.broker, line.processor):
        before = line.books().stored
        victim.kill()
        time.sleep(0.5)
        victim.start()
        eventually(lambda seen=before: line.stored_more_than(seen + 300), "records flow again")  # type: ignore[misc] # a default binds it
    line.meters.stop()
    eventually(lambda: line.books().lost == 0, f"what was acknowledged is stored: {line.books()}")

    books = line.books()

    assert books.acknowledged > 1500
    assert books.counted_twice == 0


def test_records_wait_in_the_broker_while_the_processor_is_away(make_line: Callable[..., Line]) -> None:
    line = make_line()
    eventually(lambda: connected(line), "the processor connects")
    line.processor.stop()
    line.meters.start()
    eventually(lambda: read_tally(line.folder / "meters.db").acknowledged > 1500, "over the broker's default queue")
    line.processor.start()
    line.meters.stop()

    eventually(lambda: line.books().lost == 0, "all of it is stored")

    assert line.books().counted_twice == 0


def test_a_broker_that_refuses_is_named_once_by_everyone(make_line: Callable[..., Line]) -> None:
    line = make_line(anonymous=False)
    line.meters.start()
    eventually(lambda: "refuses the connection: Not authorized" in line.log("processor.log"), "the processor says so")
    eventually(lambda: "refuses the connection: Not authorized" in line.log("meters.log"), "the meters say so")
    time.sleep(2)

    assert line.log("processor.log").count("refuses") == 1
    assert line.log("meters.log").count("refuses") == 1
    assert "power_broker_connected 0.0" in line.metrics()
    assert line.processor.alive
    assert line.meters.alive


def test_a_store_that_is_no_database_ends_the_processor_with_its_name(
    make_line: Callable[..., Line], tmp_path: Path
) -> None:
    (tmp_path / "power.db").write_bytes(b"no database" * 1000)
    line = make_line()

    eventually(lambda: not line.processor.alive, "it ends")

    assert f"power-data-processor: {tmp_path / 'power.db'}: file is not a database (SQLITE_NOTADB)" in line.log(
        "processor.log"
    )
    assert "Traceback" not in line.log("processor.log")

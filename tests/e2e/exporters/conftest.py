"""A real Mosquitto and a real gridobs-exporter, each ended by the test that started it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.exporters.seen import flags_of
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Protocol

    class Until(Protocol):
        def __call__(self, holds: Callable[[], bool], *, what: str) -> None: ...

    class Start(Protocol):
        def __call__(self, *flags: str) -> Exporter: ...


_PATIENCE = 30.0  # seconds after which what should happen has not
_SYSTEM_PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"


@dataclass
class Mosquitto:
    """One broker on one port, which can be killed and started again."""

    program: str
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self, *lines: str, anonymous: bool = True) -> None:
        config = self.folder / "mosquitto.conf"
        head = (
            f"listener {self.port} 127.0.0.1",
            f"allow_anonymous {str(anonymous).lower()}",
            "sys_interval 1",
            "persistence false",
        )
        root = ("user root",) if os.geteuid() == 0 else ()
        config.write_text("\n".join((*head, *root, *lines, "")))
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen([self.program, "-c", str(config)], stdout=log, stderr=log)
        wait_until(self._listens, what="mosquitto listens")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def log(self) -> str:
        return (self.folder / "mosquitto.log").read_text()

    def _listens(self) -> bool:
        assert self.process
        assert self.process.poll() is None, self.log()
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@dataclass
class Exporter:
    """The installed ``gridobs-exporter`` on a port of its own choice."""

    flags: tuple[str, ...]
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)
    url: str = ""

    def __post_init__(self) -> None:
        command = [str(Path(sys.executable).parent / "gridobs-exporter"), "--web.listen-address=127.0.0.1:0"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([*command, *self.flags], stdout=log, stderr=log)
        wait_until(self._serves, what="the exporter says where it serves")

    def scrape(self, **params: str) -> dict[str, float]:
        """Samples by name and labels, as ``name{qos="0"}``."""
        answer = requests.get(f"{self.url}/metrics", params=params, timeout=10)
        assert answer.status_code == requests.codes.ok, answer.text
        return {
            _key(sample.name, sample.labels): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    def logged(self) -> str:
        return self.log.read_text()

    def _serves(self) -> bool:
        assert self.process.poll() is None, self.logged()
        lines = [line for line in self.logged().splitlines() if " serves http" in line]
        if lines:
            self.url = lines[0].split(" serves ")[1].removesuffix("/metrics")
        return bool(lines)


def wait_until(holds: Callable[[], bool], *, what: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"not within {_PATIENCE:g} s: {what}"
        time.sleep(0.05)


def _key(name: str, labels: Mapping[str, str]) -> str:
    inner = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return f"{name}{{{inner}}}" if inner else name


def _program(name: str) -> str:
    return shutil.which(name, path=_SYSTEM_PATH) or _missing(name)


def _missing(name: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{name} is not installed, and CI must not skip")
    pytest.skip(f"{name} is not installed")


@pytest.fixture(scope="session", name="program")
def program_fixture() -> Callable[[str], str]:
    """The path of a native program; without it the test is skipped, and fails under CI=true."""
    return _program


@pytest.fixture
def access_plugin() -> Path:
    """Mosquitto's dynamic security plugin, which Debian ships with the broker."""
    return next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"), None) or _missing("mosquitto's plugin")


@pytest.fixture(name="until")
def until_fixture() -> Until:
    return wait_until


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that is not started yet."""
    yield from _mosquitto(tmp_path)


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Mosquitto]:
    """Another broker, for bridges to lead to."""
    folder = tmp_path / "upstream"
    folder.mkdir()
    yield from _mosquitto(folder)


def _mosquitto(folder: Path) -> Iterator[Mosquitto]:
    mosquitto = Mosquitto(program=_program("mosquitto"), folder=folder, port=free_port())
    yield mosquitto
    mosquitto.kill()


@pytest.fixture
def exporter(tmp_path: Path) -> Iterator[Start]:
    """Starts exporters, and ends those that are still running."""
    started: list[Exporter] = []

    def start(*flags: str) -> Exporter:
        started.append(Exporter(flags=flags, log=tmp_path / f"exporter-{len(started)}.log"))
        return started[-1]

    yield start
    for one in started:
        one.process.terminate()
    for one in started:
        with suppress(subprocess.TimeoutExpired):
            one.process.wait(timeout=_PATIENCE)
        one.process.kill()


@pytest.fixture
def watch(broker: Mosquitto, exporter: Start) -> Callable[..., Exporter]:
    """Starts an exporter of ``broker``."""
    return lambda *flags: exporter(*flags_of(broker), *flags)

"""The page without its server, and a relay that does to a broker's messages what networks and brokers do."""

from __future__ import annotations

import socket
import subprocess
import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.clock import Clock
from gridobs_exporters.config.section import Section
from gridobs_exporters.mqtt.blackbox.kind import prepare
from gridobs_exporters.pages import Request
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import Any, Protocol

    from gridobs_exporters.pages import Response

    class Ask(Protocol):
        def __call__(self, target: str, **module: Any) -> Seen: ...  # noqa: ANN401 - as in the configuration

    Mangle = Callable[[bytes, int], list[bytes]]  # a PUBLISH and its number; what is sent in its place

    class StartRelay(Protocol):
        def __call__(self, port: int, mangle: Mangle) -> str: ...


@dataclass(frozen=True)
class Seen:
    """One answer of the page."""

    samples: Mapping[str, float]
    text: str

    @property
    def success(self) -> bool:
        return self.samples["probe_success"] == 1

    def failures(self) -> dict[str, str]:
        """Reasons by step."""
        families = text_string_to_metric_families(self.text)
        return {
            sample.labels["step"]: sample.labels["reason"]
            for family in families
            if family.name == "gridobs_probe_failure_info"
            for sample in family.samples
        }

    def by_qos(self, what: str) -> dict[str, float]:
        start = f"gridobs_probe_messages_{what}{{qos="
        return {name.split('"')[1]: value for name, value in self.samples.items() if name.startswith(start)}

    def checks(self) -> dict[str, float]:
        start = "gridobs_probe_check_success{"
        return {name.split('"')[1]: value for name, value in self.samples.items() if name.startswith(start)}

    def phases(self) -> set[str]:
        start = "gridobs_probe_phase_duration_seconds{"
        return {name.split('"')[1] for name in self.samples if name.startswith(start)}


def answer(target: str, module: Mapping[str, Any], timeout: str | None = None) -> Response:
    """What ``/probe`` answers with only this target allowed and only this module there."""
    values = {"targets": [target], "modules": {"here": {"topic": "gridobs/probe/test"} | dict(module)}}
    section = Section(values)
    route = prepare(section)(Clock())
    assert section.problems == []
    headers = {"x-prometheus-scrape-timeout-seconds": timeout} if timeout else {}
    query = {"target": [target], "module": ["here"]}
    return route.answer(Request(method="GET", path="/probe", query=query, headers=headers))


@pytest.fixture
def ask() -> Ask:
    """Have a broker probed by a module made of the keywords."""

    def probed(target: str, **module: Any) -> Seen:  # noqa: ANN401 - as in the configuration
        page = answer(target, module).body.decode()
        samples = {
            line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
            for line in page.splitlines()
            if not line.startswith("#")
        }
        return Seen(samples, page)

    return probed


@pytest.fixture
def relay() -> Iterator[StartRelay]:
    """Starts relays to a broker on loopback; gives their address."""
    with ExitStack() as started:

        def start(port: int, mangle: Mangle) -> str:
            listener = started.enter_context(socket.create_server(("127.0.0.1", 0)))
            started.callback(listener.shutdown, socket.SHUT_RDWR)
            threading.Thread(target=_accept, args=(listener, port, mangle, started), daemon=True).start()
            return f"mqtt://127.0.0.1:{listener.getsockname()[1]}"

        yield start


def _accept(listener: socket.socket, port: int, mangle: Mangle, started: ExitStack) -> None:
    with suppress(OSError):
        while True:
            client = started.enter_context(listener.accept()[0])
            broker = started.enter_context(socket.create_connection(("127.0.0.1", port)))
            threading.Thread(target=_copy, args=(client, broker), daemon=True).start()
            threading.Thread(target=_relay, args=(broker, client, mangle), daemon=True).start()


def _copy(source: socket.socket, to: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            to.sendall(data)
    _hang_up(to)


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _relay(broker: socket.socket, client: socket.socket, mangle: Mangle) -> None:
    number = 0
    with suppress(OSError), broker.makefile("rb") as stream:
        while head := stream.read(1):
            frame = head + _length(stream.read)
            frame += stream.read(_decode(frame[1:]))
            if head[0] >> 4 == 3:  # PUBLISH
                for one in mangle(frame, number):
                    client.sendall(one)
                number += 1
            else:
                client.sendall(frame)
    _hang_up(client)


def _length(read: Callable[[int], bytes]) -> bytes:
    """The bytes of a variable byte integer (MQTT 5, 1.5.5)."""
    digits = b""
    while not digits or digits[-1] & 0x80:
        digits += read(1)
    return digits


def _decode(digits: bytes) -> int:
    return sum((digit & 0x7F) << 7 * place for place, digit in enumerate(digits))


@dataclass(frozen=True)
class Authority:
    """Made by openssl for one test: an authority and what it vouches for, as PEM files."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def vouch(self, name: str, *, days: int) -> tuple[Path, Path]:
        """A certificate for 127.0.0.1 and localhost that ends ``days`` from now, and its key."""
        key, request, certificate = (self.folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
        extensions = self.folder / "extensions.cnf"
        extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        _openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        signed = ("-CA", self.root, "-CAkey", self.folder / "root.key", "-CAcreateserial", "-extfile", extensions)
        _openssl("x509", "-req", "-in", request, "-out", certificate, "-days", str(days), *signed)
        return certificate, key


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@pytest.fixture
def authority(tmp_path: Path, program: Callable[[str], str]) -> Authority:
    """Its own certificate ends in 90 days."""
    program("openssl")
    one = Authority(tmp_path)
    _openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-subj", "/CN=GridObs test authority"),
        *("-keyout", tmp_path / "root.key", "-out", one.root),
    )
    return one


@pytest.fixture
def users(tmp_path: Path, program: Callable[[str], str]) -> Path:
    """Mosquitto's password file with the user ``meter``, whose password is in the file ``secret`` beside it."""
    (tmp_path / "secret").write_text("open sesame\n")
    path = tmp_path / "users"
    path.write_text("meter:open sesame\n")
    subprocess.run([program("mosquitto_passwd"), "-U", str(path)], check=True)
    return path

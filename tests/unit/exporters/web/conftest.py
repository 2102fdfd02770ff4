"""Servers on free ports of loopback, ended by the test that started them, and certificates by openssl."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from gridobs_exporters.clock import Clock
from gridobs_exporters.web.server import ExporterServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gridobs_exporters.pages import Route

    class Serve(Protocol):
        def __call__(self, *routes: Route, **options: Any) -> ExporterServer: ...  # noqa: ANN401 - ExporterServer's own


@dataclass
class Now:
    """A clock that the test moves."""

    now: float = 0.0

    @property
    def clock(self) -> Clock:
        return Clock(wall=lambda: self.now, monotonic=lambda: self.now)


@dataclass(frozen=True)
class Certificates:
    """An authority in ``folder`` and what it signs, each as ``<name>.crt`` and ``<name>.key``."""

    folder: Path
    authority: str = "ca"

    def make_authority(self) -> Path:
        self._openssl(
            "req", "-x509", *_KEY, "-days", "2", "-subj", f"/CN={self.authority}", *self._out(self.authority)
        )
        return self.path(f"{self.authority}.crt")

    def make(self, name: str, *sans: str) -> None:
        """A certificate of the authority with these subject alternative names."""
        signed = ["-CA", str(self.path(f"{self.authority}.crt")), "-CAkey", str(self.path(f"{self.authority}.key"))]
        names = ["-addext", f"subjectAltName={','.join(sans)}"] if sans else []
        subject = ["-subj", f"/CN={name}", "-addext", "basicConstraints=CA:FALSE", *names]
        self._openssl("req", "-x509", *_KEY, *signed, "-days", "2", *subject, *self._out(name))

    def path(self, name: str) -> Path:
        return self.folder / name

    def pair(self, name: str) -> tuple[str, str]:
        return str(self.path(f"{name}.crt")), str(self.path(f"{name}.key"))

    def _out(self, name: str) -> list[str]:
        certificate, key = self.pair(name)
        return ["-out", certificate, "-keyout", key]

    @staticmethod
    def _openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)


_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """``server`` for 127.0.0.1, ``client`` and ``other`` with names, ``stranger`` of another authority."""
    if not shutil.which("openssl"):
        if os.environ.get("CI") == "true":
            pytest.fail("openssl is not installed, and CI must not skip")
        pytest.skip("openssl is not installed; make setup installs it")
    folder = tmp_path_factory.mktemp("certificates")
    ours, theirs = Certificates(folder), Certificates(folder, authority="other-ca")
    ours.make_authority()
    theirs.make_authority()
    ours.make("server", "IP:127.0.0.1")
    ours.make(
        "client", "DNS:prometheus.example", "IP:fd00::1", "email:sre@example.org", "URI:spiffe://site/prometheus"
    )
    ours.make("other", "DNS:other.example")
    ours.make("nameless")
    theirs.make("stranger", "DNS:prometheus.example")
    return ours


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as started:

        def start(*routes: Route, **options: Any) -> ExporterServer:  # noqa: ANN401 - as above
            server = ExporterServer(("127.0.0.1", 0), routes, **{"clock": Clock()} | options)
            started.callback(server.server_close)
            thread = server.serve()
            started.callback(thread.join)
            started.callback(server.shutdown)
            return server

        yield start

"""The real parts of a site, for tests: certificates by the rendered script, Prometheus with planted series, nginx."""

from __future__ import annotations

import contextlib
import os
import shutil
import ssl
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

import pytest

from gridobs.fleet.edge import pki
from gridobs.fleet.egress.model import Egress, ExportedSeries
from gridobs.testbed.http_api import responds
from gridobs.testbed.processes import LOOPBACK, Process, accepts
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

PATIENCE = 60.0  # seconds after which what should happen has not
_PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"


def program(name: str) -> str:
    """Its path; without it the test is skipped, and fails under CI=true."""
    return shutil.which(name, path=_PATH) or _missing(name)


def _missing(name: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{name} is not installed, and CI must not skip")
    pytest.skip(f"{name} is not installed")


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE:g} s: {what}"
        time.sleep(0.1)


def exported(name: str, *labels: str) -> ExportedSeries:
    return ExportedSeries(name=name, labels=labels, bound=1, interval=30, source="alerts/rules/site.yaml")


def egress(*names: str) -> Egress:
    return Egress(series=tuple(exported(name, "slo") for name in sorted(names)))


@dataclass
class Authority:
    """An authority and its certificates, each in a folder of its name; the rendered script makes them."""

    folder: Path

    def issue(self, *rows: str) -> None:
        """Rows of names.csv, without the heading."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "names.csv").write_text("\n".join(("name,common_name,usage,sans", *rows, "")))
        (self.folder / "issue.sh").write_text(pki.issue_script())
        program("openssl")
        command = ["bash", "issue.sh", "--out", "issued", "--all"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)

    def files(self, name: str) -> tuple[Path, Path, Path]:
        """The authority's certificate, the own certificate, the key."""
        own = self.folder / "issued" / name
        return own / "ca.crt", own / "tls.crt", own / "tls.key"

    def client(self, name: str | None) -> ssl.SSLContext:
        """Trusts the authority; shows the certificate of ``name``, or none."""
        context = ssl.create_default_context(cafile=self.folder / "issued" / "ca.crt")
        if name:
            _, certificate, key = self.files(name)
            context.load_cert_chain(certificate, key)
        return context


@dataclass
class Parts:
    """Starts what a test needs and ends it with the test."""

    folder: Path
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def run(self, name: str, command: Sequence[str], ready: Callable[[], bool]) -> Process:
        process = Process(name, command, log=self.folder / f"{name}.log")
        self.stack.callback(process.stop)
        process.start()
        process.wait_until(ready, "get ready")
        return process

    def prometheus(
        self,
        name: str = "prometheus",
        *,
        config: str = "scrape_configs: []\n",
        port: int = 0,
        flags: Sequence[str] = (),
    ) -> tuple[Process, str]:
        """The process and ``host:port``. It holds what was planted for its name; nothing is stale within an hour."""
        own = self.folder / name
        own.mkdir(exist_ok=True)
        (own / "prometheus.yml").write_text(config)
        address = f"{LOOPBACK}:{port or free_port()}"
        command = [
            program("prometheus"),
            f"--config.file={own / 'prometheus.yml'}",
            f"--storage.tsdb.path={own / 'data'}",
            f"--web.listen-address={address}",
            "--query.lookback-delta=1h",
            *flags,
        ]
        return self.run(name, command, lambda: responds(f"http://{address}/-/ready")), address

    def plant(self, lines: Iterable[str], name: str = "prometheus") -> None:
        """Series as ``name{label="value"} value``, with the time of now."""
        own = self.folder / name
        own.mkdir(exist_ok=True)
        now = int(time.time()) - 1
        (own / "planted").write_text("".join(f"{line} {now}\n" for line in sorted(lines)) + "# EOF\n")
        load = [
            program("promtool"),
            "tsdb",
            "create-blocks-from",
            "openmetrics",
            str(own / "planted"),
            str(own / "data"),
        ]
        subprocess.run(load, check=True, capture_output=True)

    def nginx(self, config: str, *, port: int, name: str = "gate") -> Process:
        """An nginx that runs this configuration after ``nginx -t`` found nothing to say."""
        own = self.folder / name
        own.mkdir(exist_ok=True)
        (own / "nginx.conf").write_text(config)
        command = [program("nginx"), "-e", "stderr", "-p", str(own), "-c", str(own / "nginx.conf")]
        if os.geteuid() == 0:  # else its worker could not enter the folders of this test
            command += ["-g", "user root;"]
        tested = subprocess.run([*command, "-t", "-q"], capture_output=True, text=True, check=False)
        assert (tested.returncode, tested.stderr) == (0, "")
        return self.run(name, command, lambda: accepts(port))


@pytest.fixture
def parts(tmp_path: Path) -> Iterable[Parts]:
    with contextlib.ExitStack() as stack:
        yield Parts(tmp_path, stack)

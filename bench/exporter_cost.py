"""What gridobs-exporter costs a node with every collector on: time of a scrape, memory, CPU.

One process reads a Mosquitto, a SQLite store that is written to, a containerd with wasm handlers (as root, where it
is installed), OPA's decision logs as they are posted to it, and a stand-in for a K3s site of ten nodes and 200 pods
whose server answers with 4 MB. The baseline is prometheus_client alone: it serves the same samples and reads nothing.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

import urllib3
import yaml

from bench.harness import Result
from bench.surroundings import SURROUNDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPORTER, CLIENT = "gridobs-exporter", "prometheus_client"
INTERVAL = 15.0
"""Seconds between scrapes while CPU time is counted."""

_PAGE = os.sysconf("SC_PAGE_SIZE")
_DECISIONS = 100  # in a batch of OPA's
_STATIC = """
import sys, time
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(sys.stdin.read()))
class Static:
    def collect(self): return families
    def describe(self): return []
registry = CollectorRegistry()
registry.register(Static())
server, _ = start_http_server(0, "127.0.0.1", registry)
print(f"serves http://127.0.0.1:{server.server_port}/metrics", flush=True)
time.sleep(86400)
"""


class Subject:
    """A process that serves metrics at ``url``."""

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self.process = process
        self.url = url
        self._http = urllib3.PoolManager(retries=False)

    def scrape(self) -> tuple[float, str]:
        """Milliseconds, and what came."""
        began = time.perf_counter()
        answer = self._http.request("GET", self.url, headers={"X-Prometheus-Scrape-Timeout-Seconds": "10"})
        took = (time.perf_counter() - began) * 1000
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"{self.url} answers {answer.status}")
        return took, answer.data.decode()

    def log_decisions(self) -> None:
        """Post what OPA would."""
        event = {
            "decision_id": "", "path": "energy/smartgrid/allow", "result": True, "timestamp": "2026-01-01T00:00:00Z",
            "input": {"action": "process_data"}, "metrics": {"timer_rego_query_eval_ns": 48_000},
        }  # fmt: skip
        batch = [event | {"decision_id": f"{time.time_ns()}-{number}"} for number in range(_DECISIONS)]
        url = self.url.replace("/metrics", "/logs")
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        answer = self._http.request("POST", url, body=gzip.compress(json.dumps(batch).encode()), headers=headers)
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"{url} answers {answer.status}: {answer.data!r}")

    def cpu_seconds(self) -> float:
        """Of all its threads, to the nanosecond: the ticks of ``/proc`` are longer than a scrape of the baseline."""
        return time.clock_gettime(~self.process.pid << 3 | 2)  # what clock_getcpuclockid(3) answers on Linux

    def resident(self) -> float:
        """MiB."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * _PAGE / 2**20


def measure(*, quick: bool) -> Iterator[Result]:
    """Scrapes one after the other, then one every 15 s for some minutes."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="gridobs-bench-")))
        config: dict[str, object] = {"policy": {}}
        for start in SURROUNDINGS:
            config |= stack.enter_context(start(folder))
        exporter = stack.enter_context(_exporter(folder, config))
        text = _settled(exporter, set(config), patience=5 if quick else 90)
        client = stack.enter_context(_static(text))
        case = f"{', '.join(config)}; {sum(not line.startswith('#') for line in text.splitlines())} samples"
        yield from _scrapes({EXPORTER: exporter, CLIENT: client}, case, rounds=20 if quick else 400)
        yield from _at_rest({EXPORTER: exporter, CLIENT: client}, case, scrapes=1 if quick else 16, quick=quick)


def _settled(exporter: Subject, collectors: set[str], *, patience: float) -> str:
    """A scrape in which every collector succeeds; the heavy sources have been read by then."""
    deadline = time.monotonic() + patience
    while True:
        exporter.log_decisions()
        _, text = exporter.scrape()
        bad = {name for name in collectors if f'collector_success{{collector="{name}"}} 1.0' not in text}
        if time.monotonic() > deadline:
            if bad and patience > 60:  # noqa: PLR2004 - a quick run only sees that all of it starts
                raise RuntimeError(f"no success: {', '.join(bad)}")
            return text
        time.sleep(1)


def _scrapes(subjects: dict[str, Subject], case: str, *, rounds: int) -> Iterator[Result]:
    """In turn, so that what else the machine does hits both alike."""
    took: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, subject in subjects.items():
            took[name].append(subject.scrape()[0])
            time.sleep(0.02)
    for what, of in (("median", median), ("p99", _p99)):
        figures = {name: of(times) for name, times in took.items()}
        yield from _results(f"scrape, {what}; {case}", "ms/scrape", figures, {n: min(t) for n, t in took.items()})


def _at_rest(subjects: dict[str, Subject], case: str, *, scrapes: int, quick: bool) -> Iterator[Result]:
    interval = 1.0 if quick else INTERVAL
    began, before = time.monotonic(), {name: subject.cpu_seconds() for name, subject in subjects.items()}
    for _ in range(scrapes):
        subjects[EXPORTER].log_decisions()
        for subject in subjects.values():
            subject.scrape()
        time.sleep(interval)
    elapsed = time.monotonic() - began
    shares = {name: (subject.cpu_seconds() - before[name]) / elapsed * 100 for name, subject in subjects.items()}
    yield from _results(f"CPU, a scrape every {interval:g} s; {case}", "% of a core", shares, shares)
    resident = {name: subject.resident() for name, subject in subjects.items()}
    yield from _results(f"resident memory; {case}", "MiB", resident, resident)


def _results(case: str, unit: str, figures: dict[str, float], best: dict[str, float]) -> Iterator[Result]:
    for name, figure in figures.items():
        yield Result(
            benchmark="exporter_cost",
            case=case,
            subject=name,
            unit=unit,
            best=best[name],
            median=figure,
            ratios={CLIENT: figure / figures[CLIENT]},
        )


def _p99(times: list[float]) -> float:
    return quantiles(times, n=100)[98]


@contextmanager
def _exporter(folder: Path, config: dict[str, object]) -> Iterator[Subject]:
    path = folder / "exporter.yaml"
    path.write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "gridobs_exporters", "--web.listen-address=127.0.0.1:0", f"--config.file={path}"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    with _ended(process):
        yield Subject(process, _url(process, process.stderr))


@contextmanager
def _static(text: str) -> Iterator[Subject]:
    process = subprocess.Popen([sys.executable, "-c", _STATIC], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with _ended(process):
        if process.stdin:
            process.stdin.write(text.encode())
            process.stdin.close()
        yield Subject(process, _url(process, process.stdout))


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def _url(process: subprocess.Popen[bytes], said: IO[bytes] | None) -> str:
    """Where the process says that it serves; what it says later goes nowhere."""
    for line in said or ():
        if match := re.search(rb"serves (http://\S+)", line):
            threading.Thread(target=said.read if said else bytes, daemon=True).start()
            return match[1].decode()
    raise RuntimeError(f"the process ended with {process.wait()}")

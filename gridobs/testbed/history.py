"""A Prometheus that begins with a past: samples written as blocks, and a server that only reads them."""

from __future__ import annotations

import socket
import subprocess
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gridobs.errors import ComponentFailed
from gridobs.testbed.http_api import responds
from gridobs.testbed.processes import LOOPBACK, Process, find_programs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BLOCK_SECONDS = 7200
_WORKERS = 2
_PACKAGE = "prometheus"  # Debian's package has promtool too


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series: ``times`` in seconds since 1970, rising, and as many ``values``."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    times: Sequence[float]
    values: Sequence[float]


def openmetrics(series: Sequence[Series], begin: float, end: float) -> str:
    """The samples from ``begin`` until before ``end`` in OpenMetrics text, empty when there are none."""
    lines: list[str] = []
    for one in series:
        labels = ",".join(f'{label}="{value}"' for label, value in one.labels.items())
        head = f"{one.name}{{{labels}}}"
        first, last = bisect_left(one.times, begin), bisect_left(one.times, end)
        samples = zip(one.times[first:last], one.values[first:last], strict=True)
        lines += [f"{head} {value:.17g} {at:.3f}" for at, value in samples]
    return "\n".join([*lines, "# EOF\n"]) if lines else ""


def write_blocks(series: Sequence[Series], data: Path) -> None:
    """Write ``series`` as blocks of 2 h into the folder ``data``.

    promtool reads its whole input once for each block, so it gets one file per block.

    Raises:
        MissingPrograms: promtool is not installed.
        ComponentFailed: promtool refused the samples.
    """
    promtool = find_programs({_PACKAGE: ("promtool",)})[_PACKAGE]
    begin = int(min(one.times[0] for one in series)) // BLOCK_SECONDS * BLOCK_SECONDS
    end = int(max(one.times[-1] for one in series)) + 1
    with TemporaryDirectory() as folder, ThreadPoolExecutor(_WORKERS) as workers:

        def write(at: int) -> None:
            text = openmetrics(series, at, at + BLOCK_SECONDS)
            if not text:
                return
            file = Path(folder, f"{at}.om")
            file.write_text(text, encoding="utf-8")
            command = [promtool, "tsdb", "create-blocks-from", "openmetrics", "-q", str(file), str(data)]
            run = subprocess.run(command, capture_output=True, text=True, check=False)
            file.unlink()
            if run.returncode:
                raise ComponentFailed(f"promtool did not write the block at {at}: {run.stderr.strip()}")

        list(workers.map(write, range(begin, end, BLOCK_SECONDS)))


@contextmanager
def serving(data: Path, *, folder: Path, rules: Sequence[Path] = ()) -> Iterator[str]:
    """The URL of a Prometheus on the blocks in ``data``; it compacts and deletes nothing.

    ``folder`` takes its configuration and log. It evaluates ``rules``, if any.

    Raises:
        MissingPrograms: Prometheus is not installed.
        ComponentFailed: it did not start.
    """
    program = find_programs({_PACKAGE: ("prometheus",)})[_PACKAGE]
    config = folder / "prometheus.yml"
    listed = "".join(f"  - {path}\n" for path in rules)
    config.write_text(f"rule_files:\n{listed}" if rules else "global: {}\n", encoding="utf-8")
    address = f"{LOOPBACK}:{_free_port()}"
    process = Process(
        "prometheus",
        [
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={data}",
            "--storage.tsdb.retention.time=100y",
            f"--storage.tsdb.min-block-duration={BLOCK_SECONDS}s",
            f"--storage.tsdb.max-block-duration={BLOCK_SECONDS}s",
            "--query.max-samples=500000000",
            "--query.timeout=10m",
            f"--web.listen-address={address}",
        ],
        log=folder / "prometheus.log",
    )
    process.start()
    try:
        process.wait_until(lambda: responds(f"http://{address}/-/ready"), "become ready")
        yield f"http://{address}"
    finally:
        process.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])

"""Every figure that a plan is made with, and where it is from. A plan is as good as these: they are printed with it.

MACHINE is the one they were measured on. Another has other figures of CPU, hardly others of bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

MACHINE = "2 cores of a shared virtual machine, 24 GB, Prometheus 2.42.0, edges on the loopback address"

_RUNS = "fitted to runs with 200 and 1,000 pulled sites of 50 to 1,000 series, every 15 to 60 s"


@dataclass(frozen=True, slots=True)
class Constant:
    """One figure; ``unit`` is what it counts, ``source`` how it is known."""

    name: str
    value: float
    unit: str
    source: str


CPU_PER_PULL = Constant("CPU of a pull", 1.0e-3, "core seconds", _RUNS)
CPU_PER_TLS_PULL = Constant("CPU of TLS", 0.3e-3, "core seconds for each pull", "the same run with and without")
CPU_PER_SAMPLE = Constant("CPU of a sample", 3.5e-6, "core seconds", _RUNS)
CPU_PER_RULE_SERIES = Constant("CPU of the hub's rules", 2.0e-6, "core seconds for each series they read", "")
CPU_PER_WRITTEN_SAMPLE = Constant(
    "CPU of a sample that is pushed or back-filled",
    1.0e-6,
    "core seconds",
    "measured: 2.88 million samples in 3.4 s, all of them out of order",
)
MEMORY_BASE = Constant("memory of a hub without sites", 100e6, "bytes", _RUNS)
MEMORY_PER_SITE = Constant("memory of a site", 0.2e6, "bytes", _RUNS)
MEMORY_PER_SERIES = Constant("memory of a series", 2_100, "bytes", _RUNS)
MEMORY_RESERVE = Constant(
    "memory to provide",
    2.5,
    "times that of the first minutes",
    "a full head of 3 h is planned with 5 to 6 kB for a series; queries and compaction are in it",
)
DISK_PER_SAMPLE = Constant(
    "disk of a sample",
    7.6,
    "bytes",
    "measured on ratios that change with every sample, the worst there is; counters take 1 to 2",
)
WAL_PER_SAMPLE = Constant("write-ahead log of a sample", 12.0, "bytes", "measured in the same runs")
WAL_SECONDS = Constant(
    "write-ahead log kept", 10_800, "seconds", "Prometheus cuts it when it writes a block of 2 h, 1 h later"
)
SCRAPE_SERIES = Constant(
    "series of a pull itself", 5, "series for each pulled site", "up and scrape_*, by Prometheus"
)
RULE_SERIES_PER_SITE = Constant(
    "series the hub records of a site", 5, "series", "expected, reachable, state, last heartbeat and its age"
)
BODY_BASE = Constant("body of a pull without series", 400, "bytes", "fitted to answers of 180 and 1,200 series, gzip")
BODY_PER_SERIES = Constant("series in the body of a pull", 14.5, "bytes", "as above: 2.8 and 17 kB")
PULL_OVERHEAD = Constant(
    "HTTP and TLS of a pull", 900, "bytes", "an estimate for a connection that is kept; a new handshake takes 5 kB"
)
PUSHED_SAMPLE = Constant(
    "sample sent by remote_write",
    23.1,
    "bytes",
    "measured: 200 series in one request with Snappy; 10.8 if ten samples of each wait for one request",
)
VMAGENT_SAMPLE = Constant(
    "sample sent by vmagent", 7.2, "bytes", "measured: zstd, ten samples of each series at once"
)
HISTORY_SAMPLE = Constant(
    "sample of a site's history", 11.3, "bytes", "measured: 15 min of 200 ratios as JSON with gzip"
)
LINK = Constant("narrowest link of a site", 8_000, "bytes per second", "an assumption: 64 kbit/s, all of it")
SHARD_SERIES = Constant(
    "series of a shard",
    1_000_000,
    "series",
    "measured: 1,000 sites of 1,000 series took 7.8 % of a core and 2.7 GB; more is less a limit than a large loss",
)
SHARD_CORES = Constant("CPU of a shard", 1.0, "cores", "half of a machine of 2 cores, so that queries have the other")
SHARD_MEMORY = Constant("memory of a shard", 16e9, "bytes", "of a machine of 24 GB")

TABLE = (
    CPU_PER_PULL, CPU_PER_TLS_PULL, CPU_PER_SAMPLE, CPU_PER_RULE_SERIES, CPU_PER_WRITTEN_SAMPLE, MEMORY_BASE,
    MEMORY_PER_SITE, MEMORY_PER_SERIES, MEMORY_RESERVE, DISK_PER_SAMPLE, WAL_PER_SAMPLE, WAL_SECONDS, SCRAPE_SERIES,
    RULE_SERIES_PER_SITE, BODY_BASE, BODY_PER_SERIES, PULL_OVERHEAD, PUSHED_SAMPLE, VMAGENT_SAMPLE, HISTORY_SAMPLE,
    LINK, SHARD_SERIES, SHARD_CORES, SHARD_MEMORY,
)  # fmt: skip

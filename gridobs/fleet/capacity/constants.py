"""Every figure that a plan is made with, and where it is from. A plan is as good as these: they are printed with it.

MACHINE is the one they were measured on. Another has other figures of CPU, hardly others of bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

MACHINE = "2 cores of a busy virtual machine, 24 GB, Prometheus 2.42.0, edges on the loopback address"

_BARE = "fitted to five runs of 200 and 1,000 pulled sites with 50 to 1,000 series, every 15 to 60 s, without rules"
_WHOLE = (
    "fitted to two runs of a rendered hub with its rules: 1,000 sites every 30 s, 300 every 60 s, 250 series each"
)
_FIRST = "measured on the first, hand-written configuration of this project"


@dataclass(frozen=True, slots=True)
class Constant:
    """One figure; ``unit`` is what it counts, ``source`` how it is known."""

    name: str
    value: float
    unit: str
    source: str


CPU_BASE = Constant("CPU of a hub without sites", 1e-3, "cores", _BARE)
CPU_PER_PULL = Constant(
    "CPU of a pull", 0.33e-3, "core seconds", f"{_BARE}; TLS on connections that are kept made no difference"
)
CPU_PER_SAMPLE = Constant("CPU of a pulled sample", 5.1e-6, "core seconds", _BARE)
CPU_PER_RULE_SERIES = Constant(
    "CPU of the hub's rules", 15e-6, "core seconds for each series of a site at each evaluation", _WHOLE
)
CPU_PER_WRITTEN_SAMPLE = Constant(
    "CPU of a sample that is pushed or back-filled",
    1.0e-6,
    "core seconds",
    f"{_FIRST}: 2.88 million samples in 3.4 s, all of them out of order",
)
MEMORY_BASE = Constant("memory of a hub without sites", 53e6, "bytes", _BARE)
MEMORY_PER_SITE = Constant("memory of a pulled site", 0.136e6, "bytes", _BARE)
MEMORY_PER_SERIES = Constant("memory of a series", 4_000, "bytes", f"{_WHOLE}; without rules it is 2,800")
MEMORY_RESERVE = Constant(
    "memory to provide",
    2,
    "times that of the first minutes",
    "an estimate: a full head of 3 h takes 5 to 6 kB for a series; the rest is for queries and compaction",
)
DISK_PER_SAMPLE = Constant(
    "disk of a sample",
    7.6,
    "bytes",
    f"{_FIRST}, on ratios that change with every sample, the worst there is; counters take 1 to 2",
)
WAL_PER_SAMPLE = Constant("write-ahead log of a sample", 16, "bytes", "measured in the same runs: 12 to 16")
WAL_SECONDS = Constant(
    "write-ahead log kept", 10_800, "seconds", "Prometheus cuts it when it writes a block of 2 h, 1 h later"
)
SCRAPE_SERIES = Constant(
    "series of a pull itself", 5, "series for each pulled site", "up and scrape_*, by Prometheus"
)
RULE_SERIES_PER_SITE = Constant(
    "series the hub records of a site", 5, "series", "expected, reachable, state, last heartbeat and its age"
)
BODY_BASE = Constant(
    "body of a pull without series", 150, "bytes", "fitted to eight answers of 50 to 1,200 series, gzip"
)
BODY_PER_SERIES = Constant("series in the body of a pull", 16.5, "bytes", "as above: 14.2 to 21.8")
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
BACKFILL_RATE = Constant(
    "pace of the back-fill", 200_000, "samples per second", "what it is held to unless told otherwise, of all sites"
)
LINK = Constant("narrowest link of a site", 8_000, "bytes per second", "an assumption: 64 kbit/s, all of it")
SHARD_SERIES = Constant(
    "series of a shard",
    2_000_000,
    "series",
    "an estimate: a million took 10 % of a core and 3.3 GB without rules; more is too much to lose at once",
)
SHARD_CORES = Constant("CPU of a shard", 1.0, "cores", "half of a machine of 2 cores, so that queries have the other")
SHARD_MEMORY = Constant("memory of a shard", 16e9, "bytes", "of a machine of 24 GB")

TABLE = (
    CPU_BASE, CPU_PER_PULL, CPU_PER_SAMPLE, CPU_PER_RULE_SERIES, CPU_PER_WRITTEN_SAMPLE, MEMORY_BASE,
    MEMORY_PER_SITE, MEMORY_PER_SERIES, MEMORY_RESERVE, DISK_PER_SAMPLE, WAL_PER_SAMPLE, WAL_SECONDS, SCRAPE_SERIES,
    RULE_SERIES_PER_SITE, BODY_BASE, BODY_PER_SERIES, PULL_OVERHEAD, PUSHED_SAMPLE, VMAGENT_SAMPLE, HISTORY_SAMPLE,
    BACKFILL_RATE, LINK, SHARD_SERIES, SHARD_CORES, SHARD_MEMORY,
)  # fmt: skip

"""Sums over the decisions that came, each counted once however often OPA sends it."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs_exporters.histogram import Histogram
from gridobs_exporters.names import policy as names
from gridobs_exporters.policy.decisions import OTHER, RESULTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.metric import Samples
    from gridobs_exporters.policy.decisions import Decision

# A query takes microseconds; the edges of the latency objectives are there to compare with.
EVALUATION_EDGES: tuple[float, ...] = (
    0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.010, 0.020, 0.030, 0.050, 0.1, 1.0,
)  # fmt: skip
REMEMBERED = 20_000  # decision ids, some 2 MB
BUNDLES_BELIEVED = 3600.0  # seconds
_MOST_BUNDLES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PathLimits:
    """``known`` paths exist at 0 from the start. Others are ``other`` if ``only_known``, else beyond ``most``."""

    known: Sequence[str] = ()
    only_known: bool = False
    most: int = 50


class Counts:
    """What is exposed of all batches. A batch is taken as a whole, between two scrapes."""

    def __init__(self, paths: PathLimits, *, clock: Clock) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._paths = set(paths.known)
        self._most = len(self._paths) if paths.only_known else max(paths.most, len(self._paths))
        self._decisions: Counter[tuple[str, str]] = Counter(
            {(path, result): 0 for path in [*paths.known, OTHER] for result in RESULTS}
        )
        self._evaluation = Histogram(EVALUATION_EDGES)
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._bundles: dict[str, str] = {}
        self._bundles_at = 0.0
        self._duplicates = self._redacted = self._unparseable = self._other_paths = 0

    def take(self, decisions: Sequence[Decision], unparseable: int) -> None:
        with self._lock:
            self._unparseable += unparseable
            for decision in decisions:
                self._count(decision)

    def add_to(self, samples: Samples) -> None:
        with self._lock:
            for (path, result), number in self._decisions.items():
                samples.add(names.DECISIONS, number, path, result)
            samples.add(names.EVALUATION, self._evaluation.cumulative())
            samples.add(names.REDACTED, self._redacted)
            samples.add(names.DUPLICATES, self._duplicates)
            samples.add(names.UNPARSEABLE, self._unparseable)
            samples.add(names.OTHER_PATHS, self._other_paths)
            if self._clock.monotonic() - self._bundles_at <= BUNDLES_BELIEVED:
                for bundle, revision in self._bundles.items():
                    samples.add(names.BUNDLE_INFO, 1, bundle, revision)

    def _count(self, decision: Decision) -> None:
        if decision.id is not None:
            if decision.id in self._seen:
                self._duplicates += 1
                return
            self._seen[decision.id] = None
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        path = self._admit(decision.path)
        self._other_paths += path == OTHER
        self._decisions[path, decision.result] += 1
        self._redacted += decision.redacted
        if decision.seconds is not None:
            self._evaluation.observe(decision.seconds)
        if decision.bundles:
            self._bundles_at = self._clock.monotonic()
            for bundle, revision in decision.bundles.items():
                if bundle in self._bundles or len(self._bundles) < _MOST_BUNDLES:
                    self._bundles[bundle] = revision

    def _admit(self, path: str) -> str:
        if path in self._paths:
            return path
        if path == OTHER or len(self._paths) >= self._most:
            return OTHER
        self._paths.add(path)
        for result in RESULTS:
            self._decisions[path, result] += 0  # all of them, so that rate() sees the first of the others
        return path

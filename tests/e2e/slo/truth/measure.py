"""The 30-day error ratio of the compiled rules on a real Prometheus, beside the truth and the average of ratios."""

from __future__ import annotations

import math
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
import requests

from gridobs import conventions
from gridobs.rules.model import RecordingRule
from gridobs.slo.compile import compile_objective
from gridobs.slo.inline import inline
from gridobs.slo.model import BadOfTotal, CompileOptions, GoodOfTotal, Objective, Rolling
from gridobs.slo.promql import Query
from gridobs.slo.windows import tables
from gridobs.testbed.history import serving, write_blocks
from tests.e2e.slo.truth.kinds import KINDS, SECONDS
from tests.e2e.slo.truth.streams import DAY, Form, simulate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gridobs.rules.model import RuleFile
    from gridobs.slo.model import Indicator
    from tests.e2e.slo.truth.kinds import Kind
    from tests.e2e.slo.truth.streams import Stream, Truth

END = 1_700_006_400
"""Seconds since 1970; a moment at which every group would be evaluated."""

PERIOD = 30 * DAY
BEGIN = END - PERIOD
TABLE = pytest.StashKey[list[str]]()
"""Where a run keeps its table until the summary."""

_WORKERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was said of one stream; None is no answer, and so is NaN."""

    stream: str
    kind: str
    truth: Truth
    ratio: float | None
    coverage: float | None
    average_of_ratios: float | None

    @property
    def events_off(self) -> float:
        """How many bad events our ratio is off."""
        return math.inf if self.ratio is None else abs(self.ratio - self.truth.ratio) * self.truth.total

    @property
    def share_off(self) -> float:
        """The same as a share of the bad events there were; of none, any is infinitely many."""
        return _share(self.ratio, self.truth)

    @property
    def average_share_off(self) -> float:
        return _share(self.average_of_ratios, self.truth)

    @property
    def average_events_off(self) -> float:
        said = self.average_of_ratios
        return math.inf if said is None else abs(said - self.truth.ratio) * self.truth.total


def _share(said: float | None, truth: Truth) -> float:
    if said is None:
        return math.inf
    off = abs(said - truth.ratio)
    return off / truth.ratio if truth.ratio else (math.inf if off else 0.0)


def objective(stream: Stream, period: str = "30d") -> Objective:
    """99.9 % of the events of ``stream``."""
    return Objective(
        name=stream.name,
        service="test",
        title=stream.name,
        target=Decimal("0.999"),
        indicator=_indicator(stream),
        period=Rolling(period),
        table=tables()[period],
    )


def _indicator(stream: Stream) -> Indicator:
    def query(selector: str) -> Query:
        return Query.parse(f"sum(rate({selector.format(stream=stream.name)}[{{{{.window}}}}]))")

    if stream.form in {Form.BAD, Form.NO_BAD}:
        return BadOfTotal(
            bad=query('bad_events_total{{stream="{stream}"}}'), total=query('events_total{{stream="{stream}"}}')
        )
    return GoodOfTotal(
        good=query('event_seconds_bucket{{stream="{stream}",le="0.05"}}'),
        total=query('event_seconds_count{{stream="{stream}"}}'),
    )


def rules(stream: Stream) -> list[RecordingRule]:
    """What the compiler records for ``stream``, run as often as it is scraped but no oftener than usual.

    Without roll-ups, which read what they recorded before; test_inline shows that they add up to the ledger.
    """
    every = interval(stream)
    options = CompileOptions(interval=every, rollup_interval=every, scrape_interval=f"{stream.scrape}s")
    return recording(compile_objective(objective(stream), options))


def recording(compiled: RuleFile) -> list[RecordingRule]:
    return [rule for group in compiled.groups for rule in group.rules if isinstance(rule, RecordingRule)]


def interval(stream: Stream) -> str:
    return "1m" if stream.scrape == 60 else "30s"


def average_of_ratios(stream: Stream) -> str:
    """Sloth's optimized 30 d: the mean of the 5-minute error ratios, each as its SLI template has it."""
    match _indicator(stream):
        case BadOfTotal(bad=bad, total=total):
            ratio = f"({bad.over('5m')}) / ({total.over('5m')})"
        case GoodOfTotal(good=good, total=total):
            ratio = f"1 - (({good.over('5m')}) / ({total.over('5m')}))"
        case _:
            raise AssertionError
    return f"avg_over_time(({ratio})[30d:5m])"


def measure(kinds: Sequence[Kind], folder: Path) -> list[Measured]:
    """Every stream of ``kinds``, loaded as blocks and asked for at END."""
    numbered = [(kind.name, number) for kind in kinds for number in range(kind.streams)]
    with ProcessPoolExecutor(_WORKERS) as processes:
        streams = list(processes.map(stream_of, *zip(*numbered, strict=True)))
    write_blocks([series for stream in streams for series in stream.series()], folder / "data")
    with serving(folder / "data", folder=folder) as url, ThreadPoolExecutor(_WORKERS) as workers:
        return list(workers.map(lambda one, of: _measured(url, of[0], one), streams, numbered))


def stream_of(kind: str, number: int) -> Stream:
    """The same stream every time; ``kind`` is the name of one of KINDS."""
    plan = next(one.plan for one in KINDS if one.name == kind)
    name = f"{kind} {number}"
    return simulate(name, name, plan, begin=BEGIN - 3600, seconds=SECONDS)


def _measured(url: str, kind: str, stream: Stream) -> Measured:
    recorded, step = rules(stream), interval(stream)

    def series(name: str) -> float | None:
        return value(url, inline(recorded, objective(stream).identity.series(name), step=step))

    return Measured(
        stream=stream.name,
        kind=kind,
        truth=stream.truth(BEGIN, END),
        ratio=series(conventions.slo_error_ratio("30d")),
        coverage=series(conventions.SLO_COVERAGE),
        average_of_ratios=value(url, average_of_ratios(stream)),
    )


def value(url: str, expr: str) -> float | None:
    """The one value ``expr`` has at END, or None when it has none or it is NaN."""
    answer = requests.post(f"{url}/api/v1/query", data={"query": expr, "time": str(END)}, timeout=300).json()
    assert answer["status"] == "success", answer
    found = [float(row["value"][1]) for row in answer["data"]["result"]]
    assert len(found) <= 1, found
    return found[0] if found and not math.isnan(found[0]) else None


def table(measured: Sequence[Measured]) -> Iterator[str]:
    """The worst stream of each kind, as text."""
    yield f"{'worst error of the 30 d error ratio':44}{'compiled rules':>22}{'average of ratios':>22}"
    yield f"{'':36}{'streams':>8}{'events':>13}{'%':>9}{'events':>13}{'%':>9}{'no answer':>11}"
    for kind in dict.fromkeys(one.kind for one in measured):
        mine = [one for one in measured if one.kind == kind]
        averaged = [one for one in mine if one.average_of_ratios is not None]
        ours = _worst([(one.events_off, one.share_off) for one in mine])
        theirs = _worst([(one.average_events_off, one.average_share_off) for one in averaged])
        yield f"{kind:36}{len(mine):>8}{ours}{theirs}{len(mine) - len(averaged):>11}"


def _worst(off: Sequence[tuple[float, float]]) -> str:
    if not off:
        return f"{'-':>13}{'-':>9}"
    return f"{max(events for events, _ in off):>13.3g}{100 * max(share for _, share in off):>9.3g}"

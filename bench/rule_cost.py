"""What the rules of the catalogue cost a Prometheus: samples read and time to evaluate, for one minute of rules.

The same objectives compiled by GridObs, in Sloth's form and in Pyrra's, each rule asked as an instant query of one
real Prometheus that holds 30 days of the counters and of what the forms record for themselves. The server counts the
samples and the time. GridObs' windows of days run every 2 minutes and its roll-ups every 5, Pyrra's increases every
150 s, all else every 30 s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import promql_parser

from bench.forms import STEP, Group, pyrra, sloth
from bench.harness import Result
from gridobs import conventions as names
from gridobs.prometheus import Client
from gridobs.rules.durations import seconds
from gridobs.rules.model import RecordingRule
from gridobs.slo.catalogue import compile_catalogue
from gridobs.slo.model import CompileOptions
from gridobs.slo.promql import Identity, PrometheusVersion
from gridobs.testbed.history import Series, serving, write_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gridobs.slo.catalogue import CompiledObjective

GRIDOBS, SLOTH, PYRRA = "GridObs", "Sloth's form", "Pyrra's form"
END = 1_700_006_400
SCRAPE = 30
"""Seconds between scrapes; with half of it, whatever reads counters reads twice as much."""

_SOURCES = Path(__file__).parents[1] / "alerts"
_RECENT = 600
_ROLLUP_STEP = seconds(CompileOptions().rollup_interval)


@dataclass(frozen=True, slots=True)
class Cost:
    """For one minute of rules."""

    samples: float
    milliseconds: float


def measure(*, quick: bool) -> Iterator[Result]:
    """Samples and time with one replica of the processor and with twenty."""
    catalogue = compile_catalogue(_SOURCES, CompileOptions(version=PrometheusVersion.V2_42))
    forms = {
        GRIDOBS: [group for one in catalogue for group in _ours(one)],
        SLOTH: [group for one in catalogue for group in sloth.groups(one.objective)],
        PYRRA: [group for one in catalogue for group in pyrra.groups(one.objective)],
    }
    length = seconds("6h" if quick else "30d")
    for replicas in (1,) if quick else (1, 20):
        with TemporaryDirectory(prefix="gridobs-bench-") as folder:
            data = Path(folder, "data")
            write_blocks([*_counters(catalogue, replicas, length), *_recorded(forms, length)], data)
            with serving(data, folder=Path(folder)) as url:
                rounds = [_round(Client(url, timeout=600), forms, turn) for turn in range(2 if quick else 5)]
        yield from _results(f"{len(catalogue)} objectives, {replicas} replica{'s' * (replicas > 1)}", rounds)


def _ours(compiled: CompiledObjective) -> Iterator[Group]:
    for group in compiled.rules.groups:
        recorded = [rule for rule in group.rules if isinstance(rule, RecordingRule)]
        yield Group(
            interval=seconds(group.interval or f"{STEP}s"),
            expressions=tuple(rule.expr for rule in group.rules),
            records=tuple(
                Identity(rule.labels["slo"], rule.labels["service"]).series(rule.record) for rule in recorded
            ),
        )


def _round(client: Client, forms: Mapping[str, Sequence[Group]], turn: int) -> dict[str, Cost]:
    """What each form costs; every round begins with another one."""
    names = list(forms)
    order = names[turn % len(names) :] + names[: turn % len(names)]
    return {name: _cost(client, forms[name]) for name in order}


def _cost(client: Client, groups: Sequence[Group]) -> Cost:
    samples = milliseconds = 0.0
    for group in groups:
        for expression in group.expressions:
            stats = client.ask("query", {"query": expression, "time": str(END), "stats": "all"})["stats"]
            samples += stats["samples"]["totalQueryableSamples"] * 60 / group.interval
            milliseconds += stats["timings"]["evalTotalTime"] * 1000 * 60 / group.interval
    return Cost(samples, milliseconds)


def _results(case: str, rounds: Sequence[Mapping[str, Cost]]) -> Iterator[Result]:
    for what, unit, costs in (
        ("samples read", "samples/min", [{name: cost.samples for name, cost in one.items()} for one in rounds]),
        ("time to evaluate", "ms/min", [{name: cost.milliseconds for name, cost in one.items()} for one in rounds]),
    ):
        for name in (GRIDOBS, SLOTH, PYRRA):
            mine = [one[name] for one in costs]
            yield Result(
                benchmark="rule_cost",
                case=f"{what}, {case}",
                subject=name,
                unit=unit,
                best=min(mine),
                median=median(mine),
                ratios={base: median(one[name] / one[base] for one in costs) for base in (SLOTH, PYRRA)},
            )


# --- data -----------------------------------------------------------------------------------------------------------
def _counters(catalogue: Sequence[CompiledObjective], replicas: int, length: int) -> Iterator[Series]:
    """Every counter the objectives read, for each replica; what fails is a thousandth of what there is."""
    found: dict[tuple[str, str], None] = {}
    for one in catalogue:
        for name in ("bad", "good", "total"):
            if query := getattr(one.objective.indicator, name, None):
                found |= dict.fromkeys(_selectors(query.tree()))
    times = range(END - length, END + 1, SCRAPE)
    for name, edge in found:
        rise = 3 if re.search("failed|failures|incorrect", name) else 3000
        for replica in range(replicas):
            labels = {"instance": f"p{replica}", **({"le": edge} if edge else {})}
            yield Series(name=name, labels=labels, times=times, values=range(0, len(times) * rise, rise))


def _selectors(node: promql_parser.Expr) -> Iterator[tuple[str, str]]:
    """The name and the bucket edge, if any, of every selector."""
    if isinstance(node, promql_parser.VectorSelector):
        edges = [one.value for one in node.matchers.matchers if one.name == "le"]
        yield node.name or "", edges[0].removesuffix(r"(\.0)?") if edges else ""
        return
    parts = [getattr(node, part, None) for part in ("vector_selector", "expr", "lhs", "rhs")]
    for part in (*parts, *getattr(node, "args", ())):
        if isinstance(part, promql_parser.Expr):
            yield from _selectors(part)


def _recorded(forms: Mapping[str, Sequence[Group]], length: int) -> Iterator[Series]:
    """What the forms record: over the whole time what they read over a range, else as far back as a reader looks."""
    records = sorted(
        {
            one
            for groups in forms.values()
            for group in groups
            for one in group.records
            if not one.startswith((names.SLO_EXCLUDED_BAD, names.SLO_EXCLUDED_TOTAL))  # there is no exclusion
        }
    )
    ranged = {
        series
        for groups in forms.values()
        for group in groups
        for expression in group.expressions
        for series in re.findall(r"([\w:]+\{[^}]*\})\[", expression)
    }
    for series in records:
        name, labels = series.removesuffix("}").split("{")
        step = _ROLLUP_STEP if name.startswith("slo:rollup_") else STEP
        times = range(END - (length if series in ranged else _RECENT), END + 1, step)
        yield Series(
            name=name,
            labels=dict(re.findall(r'(\w+)="([^"]*)"', labels)),
            times=times,
            values=range(len(times)),
        )

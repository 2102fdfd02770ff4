"""Objectives held against a Prometheus that has the metrics: what they name exists, and what reading it costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gridobs.codes import Code
from gridobs.slo.compile import compile_objective
from gridobs.slo.le import spelled
from gridobs.slo.lint import EVENT_ROLES
from gridobs.slo.lint.expression import parse
from gridobs.slo.queries import text_at
from gridobs.slo.validation import problem_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gridobs.errors import Problem
    from gridobs.prometheus import Client
    from gridobs.slo.lint import Finding
    from gridobs.slo.lint.expression import Expression, Selector
    from gridobs.slo.model import CompileOptions
    from gridobs.slo.openslo import Loaded

_RECENT_SECONDS = 3600
_COUNTED = frozenset({"counter", "histogram", "summary"})
_UNTOLD = frozenset({"unknown", "untyped"})
_SUFFIXES = ("_total", "_count", "_sum", "_bucket")
EXPENSIVE_SAMPLES = 1_000_000
"""Read by all rules of an objective in one evaluation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the rules of an objective read.

    ``series`` are those its queries select now, ``samples`` what one evaluation of all its rules reads.
    """

    slo: str
    series: int
    samples: int


@dataclass(frozen=True, slots=True)
class LiveCheck:
    problems: tuple[Problem, ...]
    costs: tuple[Cost, ...]


def check_live(objectives: Sequence[Loaded], client: Client, options: CompileOptions, now: float) -> LiveCheck:
    """Ask ``client`` about the last hour before ``now``, in Unix seconds. Raises ServerError."""
    problems: set[Problem] = set()
    costs = []
    for one in objectives:
        selected: set[tuple[tuple[str, str], ...]] = set()
        for role, (document, loc) in one.queries.items():
            expression, _ = parse(role, text_at(document, loc), needs_window=False)
            for selector in expression.selectors() if expression else ():
                text = spelled(selector.text(), options.version)
                found = client.series([text], now - _RECENT_SECONDS, now)
                selected |= {tuple(sorted(labels.items())) for labels in found}
                assert expression  # noqa: S101 - it has selectors
                faults = (
                    _type_faults(expression, selector, client)
                    if found
                    else _absent(expression, selector, client, now)
                )
                problems |= {problem_at(document, loc, fault) for fault in faults}
        rules = compile_objective(one.objective, options)
        samples = sum(client.stats(rule.expr, now) for group in rules.groups for rule in group.rules)
        costs.append(Cost(slo=one.objective.name, series=len(selected), samples=samples))
        if samples > EXPENSIVE_SAMPLES:
            problems.add(_expensive(one, samples))
    return LiveCheck(tuple(sorted(problems)), tuple(costs))


def _absent(expression: Expression, selector: Selector, client: Client, now: float) -> Iterator[Finding]:
    def exists(text: str) -> list[dict[str, str]]:
        return client.series([text], now - _RECENT_SECONDS, now)

    others = exists(selector.text(without="le")) if selector.name.endswith("_bucket") else []
    if others:
        edges = ", ".join(sorted({labels["le"] for labels in others if "le" in labels}, key=float))
        message = f"{selector.text()} does not exist, but other buckets of it do"
        yield expression.finding(Code.BUCKET_MISSING, message, f"use one of {edges}", at=selector)
    elif exists(selector.name):
        message = f"{selector.name} exists, but not as {selector.text()}"
        cure = (
            "correct the labels, or count with 0 from the start on so that the series is there before its first event"
        )
        # failures that have never happened need not be there
        yield expression.finding(
            Code.SERIES_MISSING, message, cure, at=selector, warning=expression.role in {"bad", "good"}
        )
    else:
        message = f"no series of the last hour is called {selector.name}"
        cure = "correct the name, or see whether its target is scraped"
        yield expression.finding(Code.SERIES_MISSING, message, cure, at=selector)


def _type_faults(expression: Expression, selector: Selector, client: Client) -> Iterator[Finding]:
    """Recorded series have no type, and OpenMetrics tells that of a counter by its name without ``_total``."""
    if expression.role not in EVENT_ROLES or not {"rate", "increase"} & set(selector.functions):
        return
    family = next(
        (selector.name.removesuffix(one) for one in _SUFFIXES if selector.name.endswith(one)), selector.name
    )
    types = set(client.metadata(selector.name)) or set(client.metadata(family))
    if not types or types & _COUNTED:
        return
    untold = types <= _UNTOLD
    told = "a type it does not know" if untold else f"a {' or '.join(sorted(types - _UNTOLD))}"
    message = f"its target calls {selector.name} {told}, not a counter"
    cure = "count with a counter, or correct the type in the exporter"
    yield expression.finding(Code.SERIES_NOT_A_COUNTER, message, cure, at=selector, warning=untold)


def _expensive(one: Loaded, samples: int) -> Problem:
    message = f"one evaluation of the rules of {one.objective.name} reads {samples} samples"
    cure = "aggregate the metric by a recording rule first, or drop labels that nobody asks for"
    at = one.document.problem(Code.EXPENSIVE_RULE, one.loc, message, cure)
    return replace(at, warning=True)

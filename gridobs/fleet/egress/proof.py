"""What can leave a site, from its rules alone, and what must not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import promql_parser as promql

from gridobs import conventions as names
from gridobs.codes import Code
from gridobs.errors import Problem, SourceError
from gridobs.fleet.egress.additions import load_additions
from gridobs.fleet.egress.chosen import CHOSEN
from gridobs.fleet.egress.devices import Devices
from gridobs.fleet.egress.model import Egress, ExportedSeries
from gridobs.fleet.egress.recorded import load_recorded
from gridobs.fleet.egress.series import recorded_shape, shapes_of
from gridobs.rules.handwritten import FOLDER as RULES
from gridobs.sources import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from gridobs.fleet.egress.additions import Addition
    from gridobs.fleet.egress.recorded import Recorded
    from gridobs.fleet.egress.shape import Shape
    from gridobs.slo.model import CompileOptions

_AGGREGATE = re.compile(r"(?:site|slo):[a-z0-9_]+:[a-z0-9_]+")
_INFOS = frozenset({names.SITE_INFO, names.SLO_INFO})
_EXTERNAL = frozenset({names.LABEL_SITE, names.LABEL_REGION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What leaves, as far as it has a bound, and every problem of it, sorted."""

    egress: Egress
    problems: tuple[Problem, ...]


def derive(folder: Path, *, options: CompileOptions | None = None, min_devices: int = names.MIN_DEVICES) -> Egress:
    """What can leave a site that runs the rules of ``folder``, which is ``alerts`` in this repository.

    Args:
        folder: holds ``slos/`` and, if there are, ``rules/``, ``exclusions/``, ``settings.yaml`` and ``egress.yaml``.
        options: how the rules are compiled; None is as the settings say.
        min_devices: how many devices must be behind a figure of devices.

    Raises:
        UsageError: there is no objective.
        SourceError: something is wrong with a file, or what it records must not leave; carries every problem.
    """
    proof = prove(folder, options=options, min_devices=min_devices)
    if proof.problems:
        raise SourceError(proof.problems)
    return proof.egress


def prove(folder: Path, *, options: CompileOptions | None = None, min_devices: int = names.MIN_DEVICES) -> Proof:
    """As ``derive``, but gives what must not leave beside the rest.

    Raises UsageError and, when a file is wrong in itself, SourceError.
    """
    collector = Collector()
    rules: tuple[Recorded, ...] = ()
    additions: tuple[Addition, ...] = ()
    with collector.collect():
        rules = load_recorded(folder, options)
    with collector.collect():
        additions = load_additions(folder)
    collector.finish()
    known = shapes_of(rules)
    wanted = {name for group in CHOSEN for name in group.names} | {one.name for one in additions}
    problems = [*_of_names(folder, additions, frozenset(known))]
    exported: list[tuple[Recorded, Shape]] = []
    trees = [promql.parse(rule.expr) for rule in rules]
    devices = Devices(min_devices, _by_name(rules, trees), known)
    for rule, tree in zip(rules, trees, strict=True):
        if rule.name in wanted:
            shape = recorded_shape(rule, tree, known)
            problems += _of_labels(rule, shape)
            problems += _of_devices(rule, tree, devices)
            exported.append((rule, shape))
    return Proof(egress=Egress(series=_series(exported)), problems=tuple(sorted(set(problems))))


def _by_name(rules: Sequence[Recorded], trees: Sequence[promql.Expr]) -> Mapping[str, tuple[promql.Expr, ...]]:
    found: dict[str, list[promql.Expr]] = {}
    for rule, tree in zip(rules, trees, strict=True):
        found.setdefault(rule.name, []).append(tree)
    return {name: tuple(expressions) for name, expressions in found.items()}


def _series(exported: Sequence[tuple[Recorded, Shape]]) -> tuple[ExportedSeries, ...]:
    """One for each name and file. What has no bound is left out: it is a problem."""
    found: dict[tuple[str, str], list[tuple[Recorded, Shape]]] = {}
    for rule, shape in exported:
        if shape.bound is not None:
            found.setdefault((rule.name, rule.source), []).append((rule, shape))
    return tuple(
        sorted(
            ExportedSeries(
                name=name,
                labels=tuple(sorted({label for _, shape in several for label in shape.carried} - _EXTERNAL)),
                bound=sum(shape.bound or 0 for _, shape in several),
                interval=min(rule.interval for rule, _ in several),
                source=source,
            )
            for (name, source), several in found.items()
        )
    )


# --- what is wrong --------------------------------------------------------------------------------------------------
def _of_names(folder: Path, additions: Sequence[Addition], recorded: frozenset[str]) -> Iterator[Problem]:
    for one in additions:
        if not _AGGREGATE.fullmatch(one.name) and one.name not in _INFOS:
            message = f"{one.name} is not an aggregate of a site"
            yield one.problem(Code.NOT_AN_AGGREGATE, message, "record it by a rule as site:metric:operation")
        elif one.name not in recorded:
            cure = f"write a rule into {RULES}/ that does, or take the name out"
            yield one.problem(Code.NOTHING_RECORDED, f"no rule records {one.name}", cure)
    for group in CHOSEN:
        for name in group.names:
            if group.everywhere and name not in recorded:
                message = f"no rule records {name}, which the hub needs: {group.reason}"
                cure = "bring back the rule that GridObs ships for it"
                yield Problem(folder / RULES, 1, 1, Code.NOTHING_RECORDED, message, cure)


def _of_labels(rule: Recorded, shape: Shape) -> Iterator[Problem]:
    foreign = [label for label in shape.carried if label not in names.EGRESS_LABELS]
    if shape.others:
        message = f"{rule.name} keeps every label of the series it reads"
        yield rule.problem(Code.LABEL_LEAVES, message, "aggregate them, as sum by (severity) (...)")
    elif foreign:
        message = f"{rule.name} keeps {_listed(foreign)}, which must not leave the site"
        cure = f"aggregate over it; what may leave is {', '.join(names.EGRESS_LABELS)}"
        yield rule.problem(Code.LABEL_LEAVES, message, cure)
    free = [label for label in shape.unbounded if label in names.EGRESS_LABELS]
    if free and shape.bound is None:
        message = f"{rule.name} has as many series as {_listed(free)} has values, and nobody knows how many"
        cure = f'select the values one by one, as {free[0]}=~"one|other", or let the rule set the label'
        yield rule.problem(Code.UNBOUNDED_LABEL, message, cure)


def _of_devices(rule: Recorded, tree: promql.Expr, devices: Devices) -> Iterator[Problem]:
    least = devices.least
    if devices.tells_of_one(tree):
        message = f"{rule.name} can be the reading of one device"
        cure = "let a sum or an average leave, or how many devices are above a limit"
        yield rule.problem(Code.FEW_DEVICES, message, cure)
    elif devices.tells_of_few(tree):
        message = f"{rule.name} can tell of fewer than {least} devices"
        cure = (
            f"let it be absent then: compare a number of devices, as sum(clients) >= {least}, or demand one, as "
            f"... and on () count(count by (meter) (...)) >= {least}"
        )
        yield rule.problem(Code.FEW_DEVICES, message, cure)


def _listed(labels: Sequence[str]) -> str:
    return ("the label " if len(labels) == 1 else "the labels ") + ", ".join(labels)

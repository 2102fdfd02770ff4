"""Whatever a file holds, it loads and compiles, or every problem in it has a line, a code and a cure."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

import promql_parser
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridobs import sources as yaml_sources
from gridobs.codes import Code
from gridobs.errors import SourceError
from gridobs.rules.render import render
from gridobs.slo import openslo
from gridobs.slo.compile import compile_objective
from gridobs.slo.exclusions import exclusion_rules, load_exclusions
from gridobs.slo.model import CompileOptions
from gridobs.slo.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNTER = "sum(rate({}[{{{{.window}}}}]))"


def metric(query: str, **more: str) -> dict[str, Any]:
    return {"metricSource": {"type": "Prometheus", **more, "spec": {"query": query}}}


def document(kind: str, name: str, spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:  # noqa: ANN401 - YAML
    return {"apiVersion": "openslo/v1", "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


BAD_OF_TOTAL = {"counter": True, "bad": metric(COUNTER.format("b")), "total": metric(COUNTER.format("t"))}
RAW = {"raw": metric("share"), "rawType": "success"}
ROLLING = [{"duration": "4w", "isRolling": True}]
MONTH = [{"duration": "1M", "calendar": {"startTime": "2026-01-01 00:00:00", "timeZone": "Europe/Berlin"}}]
NOTES = {
    "gridobs/owner": "grid",
    "gridobs/runbook": "https://runbooks.example/a",
    "gridobs/severity": "ticket",
    "gridobs/min-bad-events": "2",
    "gridobs/missing-data": "bad",
    "gridobs/alert-windows": "page 6h/30m 1%, ticket 3d/6h 10%",
    "other.example/x": "y",
}


def slo(name: str, objectives: list[dict[str, Any]], **spec: Any) -> dict[str, Any]:  # noqa: ANN401 - YAML
    rest = {"service": "s", "timeWindow": ROLLING, "budgetingMethod": "Occurrences", "objectives": objectives}
    return document("SLO", name, rest | spec, annotations=NOTES, labels={"tier": "1"})


SLICES = {"timeSliceWindow": "1m", "timeSliceTarget": 0.95}
SETS: tuple[list[dict[str, Any]], ...] = (
    [slo("a", [{"target": 0.999}], indicator={"spec": {"ratioMetric": BAD_OF_TOTAL}})],
    [
        slo(
            "a",
            [{"displayName": "P99", "target": 0.99}, {"displayName": "P50", "targetPercent": 50}],
            indicatorRef="i",
        ),
        document(
            "SLI", "i", {"ratioMetric": BAD_OF_TOTAL | {"total": metric(COUNTER.format("t"), metricSourceRef="d")}}
        ),
        document("DataSource", "d", {"type": "Prometheus", "connectionDetails": {"url": "x"}}),
        document("Service", "s", {"description": "A service."}),
    ],
    [
        slo(
            "a",
            [{"op": "lte", "value": 2.5, "target": 0.9}],
            indicator={"spec": {"thresholdMetric": metric("gauge")}},
            timeWindow=MONTH,
        )
    ],
    [
        slo(
            "a",
            [{"target": 0.9, **SLICES}],
            indicator={"spec": {"ratioMetric": RAW}},
            budgetingMethod="Timeslices",
            timeWindow=MONTH,
        )
    ],
)
SETTINGS = {"interval": "30s", "retention": "32d", "runbooks": "https://a/{slo}", "histograms": {"h": [0.1, 1, 2.5]}}
EXCLUSION = {
    "name": "e",
    "site": "s-1",
    "from": "2026-03-01T22:00:00Z",
    "to": "2026-03-01T23:00:00+01:00",
    "reason": "work",
    "approver": "ops",
    "slos": ["a"],
}

ODD_TEXT = (
    "", " ", "{{", "{{.window}}", "a[{{.window}}]", "1d", "99y", "5m", "0s", "1M", "1Q", "P1D", "é", "\u2028", "\x85",
    "\x00", "\ud800", "\U0001f600", "null", "~", "0x1f", "1e999", "\u0661", "a" * 5000, "a\nb", "](", "\\", '"', "'",
    "Timeslices", "SLO", "SLI", "AlertPolicy", "RatioTimeslices", "success", "gt",
    "Europe/Berlin", "/etc/passwd", "..", "a.b",
    "-", "i", "a", "page 1h/5m 2%", "ticket 5m/1h 2%", "page 60d/1d 101%",
    "0001-01-01 00:00:00", "9999-12-31T23:59:59",
    "sum(a) by (", "rate(a[5m])", "1 +", "((((((((((" , "gridobs/x", "https://", "https://a b", "http://a/{{x}}",
)  # fmt: skip
QUERIES = tuple(
    r"""
rate(aW)
sum(increase(aW))
sum(rate(aW)) by (le)
sum by (x) (rate(aW))
rate(aW offset 1h)
sum(rate(aW)) - sum(rate(bW))
sum(rate(aW)) or vector(0)
avg_over_time(aW)
aW
sum(aW)
sum(rate({__name__="a", b=~".+"}W))
sum(rate(a{le="5"}W))
rate(a[{{ .window }}]) # note
sum(rate(aW @ end()))
max_over_time(rate(a[5m])[{{.window}}:1m])
2 * sum(rate(aW))
absent(rate(aW))
histogram_count(rate(aW))
sum(irate(aW))
sum(rate(aW)) > 0
scalar(rate(aW))
topk(1, rate(aW))
a
a{b='c'}
1
'text'
a > 1
a and b
max(a) by (b)
time()
vector(1)
a[5m]
sum(rate(a[5m]))
{__name__=~'a|b'}
-a
a offset 5m
count_values('x', a)
(a)
a == bool 1
scalar(a)
label_replace(a, 'b', '', 'c', '')
""".replace("W", "[{{.window}}]").split("\n")[1:-1]
)
PLAUSIBLE: dict[str, tuple[Any, ...]] = {
    "query": QUERIES,
    "duration": ("1d", "2d", "3d", "14d", "20d", "4w", "720h", "43200m", "33d", "90d", "1w", "1M", "1Q", "1Y", "25h"),
    "isRolling": (True, False),
    "startTime": ("2026-01-01 00:00:00", "2026-05-06T00:00:00", "2026-04-01 12:00:00", "2026-02-30 00:00:00"),
    "timeZone": ("UTC", "America/New_York", "Asia/Kathmandu", "Etc/GMT+12", "Europe/Berln"),
    "budgetingMethod": ("Occurrences", "Timeslices", "RatioTimeslices"),
    "target": (0.5, 0.9, 0.99, 0.999, 0.99999, 0.01, 0.000001, 99.9),
    "targetPercent": (50, 99.5, 0.1, 99.99999),
    "op": ("lt", "lte", "gt", "gte"),
    "value": (0, -1, 2.5, 1000000, -0.000001),
    "timeSliceTarget": (1, 0.5, 0.999, 1.0),
    "timeSliceWindow": (1, "30s", "5m", "45s", "10m", "1h"),
    "rawType": ("success", "failure"),
    "displayName": ("P99", "P50", "Ünïcode", "日本", "a" * 70, "--"),
    "gridobs/alert-windows": (
        "page 1h/5m 2%", "ticket 3d/6h 10%", "ticket 6h/30m 50%,ticket 1d/2h 9%", "ticket 1h/1m 1%",
    ),
    "gridobs/missing-data": ("unknown", "bad", "ignore"),
    "gridobs/severity": ("page", "ticket"),
    "gridobs/min-bad-events": (0, 1, "5", "999999999"),
}  # fmt: skip
ODD_VALUES = st.one_of(
    st.sampled_from(ODD_TEXT),
    st.sampled_from((None, True, False, [], {}, [[]], {"a": {}}, [None])),
    st.sampled_from((0, 1, -1, 10**30, 10**400, 0.0, 1.0, 99.9, 1e300, math.inf, -math.inf, math.nan, 1e-300)),
    st.text(max_size=20),
    st.integers(),
    st.floats(),
)
SHOTS = settings(
    derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def paths(data: object, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Of every value within ``data``."""
    steps = list(data.items()) if isinstance(data, dict) else list(enumerate(data)) if isinstance(data, list) else []
    return [path for step, value in steps for path in ((*at, step), *paths(value, (*at, step)))]


def within(data: Any, path: tuple[Any, ...]) -> Any:  # noqa: ANN401 - YAML
    for step in path:
        data = data[step]
    return data


def mutate(draw: Callable[[st.SearchStrategy[Any]], Any], data: list[dict[str, Any]]) -> None:
    every = paths(data)
    if not every:
        return
    action = draw(st.sampled_from((*["choose"] * 6, "delete", "replace", "rename", "copy", "nest")))
    choices = [path for path in every if path[-1] in PLAUSIBLE]
    path = draw(st.sampled_from(choices if action == "choose" and choices else every))
    holder, step = within(data, path[:-1]), path[-1]
    if action == "choose" and choices:
        holder[step] = draw(st.sampled_from(PLAUSIBLE[step]))
    elif action == "delete":
        del holder[step]
    elif action == "replace":
        holder[step] = copy.deepcopy(draw(ODD_VALUES))
    elif action == "rename" and isinstance(holder, dict):
        key = draw(st.one_of(st.just(f"{step}s"), st.sampled_from(ODD_TEXT), st.just(step[:-1])))
        holder[key] = holder.pop(step)
    elif action == "copy":
        holder[step] = copy.deepcopy(within(data, draw(st.sampled_from(every))))
    elif isinstance(holder, list):
        holder.append(copy.deepcopy(holder[step]))
    else:
        holder[step] = [holder[step]] if draw(st.booleans()) else {step: holder[step]}


@st.composite
def mutated(draw: Callable[[st.SearchStrategy[Any]], Any], bases: tuple[list[dict[str, Any]], ...]) -> list[Any]:
    data: list[Any] = copy.deepcopy(draw(st.sampled_from(bases)))
    for _ in range(draw(st.integers(1, 4))):
        mutate(draw, data)
    return data


def dump(data: list[Any]) -> bytes:
    text: str = yaml.safe_dump_all(data, sort_keys=False, allow_unicode=True)
    return text.encode("utf-8", "surrogatepass")


ODD_BYTES = (
    b"&a ", b"*a", b"<<: ", b"!!binary ", b"!x ", b"\t", b"- ", b"? ", b"{", b"[", b"|\n", b": ", b" #", b"\n---\n",
    b"\n...\n", b"%YAML 1.1\n", b'"\\U00110000"', b'"\\ud800"', b"[" * 3000, b"{a: " * 2000, b"9" * 5000, b"\xff\xfe",
    b"\r", b"\xc2\x85",
)  # fmt: skip
EDITS = st.one_of(
    st.text("0123456789abzAZ -_:.'/%", max_size=3).map(str.encode), st.sampled_from(ODD_BYTES), st.binary(max_size=4)
)


@st.composite
def mutated_bytes(draw: Callable[[st.SearchStrategy[Any]], Any]) -> bytes:
    raw = bytearray(dump(draw(st.sampled_from(SETS))))
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(raw)))
        match draw(st.sampled_from(("edit", "edit", "edit", "cut", "repeat", "truncate"))):
            case "edit":
                raw[at : at + draw(st.integers(0, 3))] = draw(EDITS)
            case "cut":
                del raw[at : at + draw(st.integers(1, 40))]
            case "repeat":
                end = raw.find(b"\n", at) + 1
                raw[end:end] = raw[raw.rfind(b"\n", 0, at) + 1 : end]
            case "truncate":
                del raw[at:]
    return bytes(raw)


def check_problems(error: SourceError, path: Path) -> None:
    text = path.read_bytes().decode("utf-8-sig", "replace")
    lines = len((text + "|").splitlines())
    assert error.problems
    for one in error.problems:
        assert one.path == path
        assert 1 <= one.line <= lines, one
        assert one.column >= 1, one
        assert isinstance(one.code, Code)
        assert one.message.strip(), one
        assert one.cure.strip(), one
    str(error).encode()


def load_and_compile(path: Path) -> None:
    try:
        loaded = openslo.load(yaml_sources.read(path), Settings())
    except SourceError as error:
        check_problems(error, path)
        return
    for one in loaded:
        rules = compile_objective(one.objective, CompileOptions())
        render(rules, "x").encode()
        for group in rules.groups:
            for rule in group.rules:
                promql_parser.parse(rule.expr)
        for where, loc in one.queries.values():
            assert where.position(loc) >= (1, 1)


@settings(SHOTS, max_examples=1500)
@given(data=mutated(SETS))
def test_a_set_of_documents_with_faults_is_loaded_or_refused_in_full(tmp_path: Path, data: list[Any]) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(dump(data))
    load_and_compile(path)


@settings(SHOTS, max_examples=1000)
@given(raw=mutated_bytes())
def test_a_file_with_broken_text_is_loaded_or_refused_in_full(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(raw)
    load_and_compile(path)


@settings(SHOTS, max_examples=300)
@given(data=mutated(([SETTINGS],)))
def test_settings_with_faults_are_loaded_or_refused_in_full(tmp_path: Path, data: list[Any]) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(dump(data))
    try:
        load_settings(tmp_path).compile_options()
    except SourceError as error:
        check_problems(error, path)


@settings(SHOTS, max_examples=300)
@given(data=mutated(([EXCLUSION],)))
def test_exclusions_with_faults_are_loaded_or_refused_in_full(tmp_path: Path, data: list[Any]) -> None:
    path = tmp_path / "exclusions" / "e.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(dump(data))
    try:
        rules = exclusion_rules(load_exclusions(tmp_path, slos=["a"]))
    except SourceError as error:
        check_problems(error, path)
        return
    for rule in rules.groups[0].rules if rules else ():
        promql_parser.parse(rule.expr)


@pytest.mark.parametrize("base", SETS)
def test_what_is_mutated_is_without_fault_itself(tmp_path: Path, base: list[dict[str, Any]]) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(dump(base))

    assert openslo.load(yaml_sources.read(path), Settings())

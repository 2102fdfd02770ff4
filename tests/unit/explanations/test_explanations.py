from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from gridobs.codes import Code
from gridobs.errors import SourceError
from gridobs.explanations import Example, explain, explained
from gridobs.fleet import inventory
from gridobs.slo.validation import validate

if TYPE_CHECKING:
    from pathlib import Path

SLO: dict[str, Any] = {
    "apiVersion": "openslo/v1",
    "kind": "SLO",
    "metadata": {"name": "checkout"},
    "spec": {
        "service": "shop",
        "indicator": {"spec": {"ratioMetric": {"counter": True}}},
        "timeWindow": [{"duration": "30d", "isRolling": True}],
        "budgetingMethod": "Occurrences",
        "objectives": [{"target": 0.9}],
    },
}
QUERIES = {"bad": "sum(rate(errors_total[{{.window}}]))", "total": "sum(rate(requests_total[{{.window}}]))"}
NOW = 1_600_000_000.0  # in 2020
FLEETS = {"fleet": "fleet.yaml", "table": "fleet.csv"}
NOT_FOR_THE_VALIDATOR = {"GO301", "GO302", "GO303", "GO304", "GO401", *(f"GO80{number}" for number in range(1, 6))}
EXAMPLES = [
    pytest.param(code, example, id=f"{code}-{'right' if example.right else 'wrong'}")
    for code in Code
    for example in explain(code).examples
    if example.part
]


def write(folder: Path, example: Example) -> None:
    """A catalogue that holds the example, and is right but for it."""
    for name in ("slos", "rules", "exclusions"):
        (folder / name).mkdir()
    part, text = example.part, example.text
    content = yaml.safe_load(text) if part not in {"file", "rules", "exclusions", "settings"} else {}
    queries = content if part == "queries" else QUERIES
    spec = SLO["spec"] | (content if part == "spec" else {})
    if spec["indicator"]:
        ratio = {role: {"metricSource": {"type": "Prometheus", "spec": {"query": q}}} for role, q in queries.items()}
        spec["indicator"] = {"spec": {"ratioMetric": {"counter": True} | ratio}}
    else:
        del spec["indicator"]
    slo = SLO | {"spec": spec, "metadata": SLO["metadata"] | (content if part == "metadata" else {})}
    (folder / "slos/a.yaml").write_text(text if part == "file" else yaml.safe_dump(slo))
    if part == "rules":
        (folder / "rules/shop.yaml").write_text(text)
    if part == "exclusions":
        (folder / "exclusions/work.yaml").write_text(text)
    if part == "settings":
        (folder / "settings.yaml").write_text(text)


def catalogue_codes(folder: Path, example: Example) -> set[Code]:
    write(folder, example)
    return {problem.code for problem in validate([folder], [], now=NOW).problems}


def fleet_codes(folder: Path, example: Example) -> set[Code]:
    path = folder / FLEETS[example.part]
    path.write_text(example.text)
    try:
        inventory.load(path)
    except SourceError as error:
        return {problem.code for problem in error.problems}
    return set()


def test_every_code_is_explained_and_nothing_else() -> None:
    assert list(explained()) == sorted(Code)


@pytest.mark.parametrize("code", Code)
def test_an_explanation_has_a_title_and_says_why(code: Code) -> None:
    entry = explain(code)

    assert re.fullmatch(r"[A-Z][^.]{5,60}", entry.title) or entry.title.startswith("rate()")
    assert len(entry.summary) > 40
    assert all(len(line) <= 120 for line in entry.text.splitlines())


@pytest.mark.parametrize("code", sorted(set(map(str, Code)) - NOT_FOR_THE_VALIDATOR))
def test_what_can_be_shown_is_shown(code: str) -> None:
    assert any(not example.right and example.part for example in explain(Code(code)).examples)


@pytest.mark.parametrize(("code", "example"), EXAMPLES)
def test_the_wrong_example_has_exactly_its_code_and_the_right_one_none(
    tmp_path: Path, code: Code, example: Example
) -> None:
    found = fleet_codes(tmp_path, example) if example.part in FLEETS else catalogue_codes(tmp_path, example)

    assert found == (set() if example.right else {code})

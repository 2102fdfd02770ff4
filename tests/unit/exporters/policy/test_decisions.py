"""A batch of OPA's decision log to what is counted of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gridobs_exporters.policy.decisions import (
    QUERY,
    RESULTS,
    Decision,
    Meaning,
    decision,
)
from hypothesis import given, settings
from hypothesis import strategies as st

MEANING = Meaning()
SECRET = "PLANTED-SECRET"  # noqa: S105 - planted to be looked for
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
KEYS = st.sampled_from(
    ["path", "query", "result", "error", "erased", "masked", "metrics", "bundles", "decision_id", "input"]
)
PARTS = JSON | st.fixed_dictionaries({"timer_rego_query_eval_ns": JSON}) | st.fixed_dictionaries({"allow": JSON})


def made(path: str = "a/allow", **fields: object) -> Decision:
    return read_one({"path": path, **fields})


def read_one(event: object) -> Decision:
    found = decision(event, MEANING)
    assert found
    return found


@pytest.mark.parametrize(
    ("fields", "result"),
    [
        ({"result": True}, "allow"),
        ({"result": False}, "deny"),
        ({"result": {"allow": True, "reason": SECRET}}, "allow"),
        ({"result": {"allow": False}}, "deny"),
        ({"result": {"allow": "yes"}}, "other"),
        ({"result": {}}, "other"),
        ({"result": "true"}, "other"),
        ({"result": 1}, "other"),
        ({"result": None}, "other"),
        ({"result": [SECRET]}, "other"),
        ({}, "undefined"),
        ({"error": {"code": "eval_conflict_error"}}, "error"),
        ({"error": {"code": "x"}, "result": True}, "error"),
        ({"result": "**", "masked": ["/result"]}, "erased"),
        ({"erased": ["/result"]}, "erased"),
        ({"result": {"allow": True}, "erased": ["/result/allow"]}, "erased"),
        ({"result": True, "erased": ["/input/password"]}, "allow"),
    ],
)
def test_a_result_becomes_one_of_few_words(fields: dict[str, object], result: str) -> None:
    assert read_one({"path": "a/allow", **fields}).result == result


@pytest.mark.parametrize(
    ("result", "word"),
    [
        (True, "deny"),
        (False, "allow"),
        ([], "allow"),
        (["why"], "deny"),
        ({}, "allow"),
        ("x", "other"),
        (None, "other"),
    ],
)
def test_a_rule_that_lists_what_speaks_against_denies_with_what_it_holds(result: object, word: str) -> None:
    assert made("energy/smartgrid/deny", result=result).result == word


def test_the_key_and_the_denying_rules_can_be_others() -> None:
    meaning = Meaning(key="permitted", denials=frozenset({"reasons"}))

    assert decision({"path": "a", "result": {"permitted": True, "allow": False}}, meaning) == Decision(
        path="a", result="allow"
    )
    assert decision({"path": "a/reasons", "result": ["x"]}, meaning) == Decision(path="a/reasons", result="deny")
    assert decision({"path": "a/deny", "result": True}, meaning) == Decision(path="a/deny", result="allow")


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("energy/smartgrid/allow", "energy/smartgrid/allow"),
        ("/energy/smartgrid/allow/", "energy/smartgrid/allow"),
        ("a b", "other"),
        ("a\nb", "other"),
        ("é", "other"),
        ("\ud800", "other"),
        ("/", "other"),
        ("a" * 129, "other"),
        ('a"}', "other"),
    ],
)
def test_only_a_plain_path_is_kept(path: str, kept: str) -> None:
    assert made(path).path == kept


def test_the_text_of_an_ad_hoc_query_is_not_kept() -> None:
    assert decision({"query": f'data.x == "{SECRET}"', "result": True}, MEANING) == Decision(
        path=QUERY, result="allow"
    )


@pytest.mark.parametrize("event", [None, 1, "x", [], {}, {"path": 1}, {"path": ""}, {"path": None, "query": 1}])
def test_what_has_neither_path_nor_query_is_no_decision(event: object) -> None:
    assert decision(event, MEANING) is None


@pytest.mark.parametrize(
    ("nanoseconds", "seconds"),
    [
        (30_000_000, 0.03),
        (0, 0.0),
        (-1, None),
        (True, None),
        ("40000", None),
        (10**14, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
    ],
)
def test_a_time_that_cannot_be_is_no_time_and_not_zero(nanoseconds: object, seconds: float | None) -> None:
    assert made(metrics={"timer_rego_query_eval_ns": nanoseconds}).seconds == seconds


def test_revisions_are_kept_of_a_few_bundles_and_only_plain_ones() -> None:
    bundles: dict[str, object] = {"energy": {"revision": "2026-11.3"}, "odd": {"revision": "a b"}, "none": {}}
    assert made(bundles=bundles).bundles == {"energy": "2026-11.3", "odd": "other"}

    many = {f"b{number}": {"revision": "1"} for number in range(30)}
    assert len(made(bundles=many).bundles) == 10


def test_the_fixture_gives_one_decision_an_event_and_nothing_of_its_input(batch: list[Any]) -> None:
    found = [decision(event, MEANING) for event in batch]

    assert [one and (one.path.removeprefix("energy/smartgrid/"), one.result) for one in found] == [
        ("process_data", "allow"),
        ("process_data", "allow"),
        ("process_data", "deny"),
        ("export", "deny"),
        ("export_external", "deny"),
        ("deny", "deny"),
        ("deny", "allow"),
        ("energy/smartgrid", "deny"),
        ("allow", "undefined"),
        ("allow", "error"),
        ("allow", "allow"),
        ("allow", "erased"),
        ("other", "allow"),
        ("(query)", "other"),
        ("process_data", "other"),
        ("process_data", "allow"),
        None,
        None,
    ]
    assert SECRET in json.dumps(batch)
    assert SECRET not in repr(found)


@given(st.dictionaries(KEYS, PARTS, max_size=8) | JSON)
@settings(derandomize=True, database=None, deadline=None)
def test_whatever_an_event_is_its_result_is_one_of_the_words(event: object) -> None:
    found = decision(event, MEANING)

    assert found is None or (found.result in RESULTS and len(found.path) < 129)

"""An event of OPA's decision log to what is counted of it.

Form of the events: https://www.openpolicyagent.org/docs/management-decision-logs. What a decision was asked about
(``input``) is read past and never kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

OTHER: Final = "other"
QUERY: Final = "(query)"
"""The path of an ad-hoc query, which has none. Its text could hold anything and is not kept."""

ALLOW, DENY = "allow", "deny"
RESULTS = (ALLOW, DENY, "undefined", "error", "erased", OTHER)

_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,127}")
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/+=-]{0,63}")
_MOST_BUNDLES = 10
_LONGEST_NS = 10**13  # nearly three hours; what took longer is a clock gone wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What results say. Everything else about a result is ``other``.

    ``key`` holds the decision of a result that is an object. A rule whose path ends in one of ``denials`` lists what
    speaks against: there true, or anything in a list or an object, is a denial.
    """

    key: str = "allow"
    denials: frozenset[str] = frozenset({"deny", "violation"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is kept of one event. ``seconds`` is how long the query took, if OPA said so."""

    path: str
    result: str
    id: int | None = None
    """A hash of the decision id; None if there was none."""
    seconds: float | None = None
    redacted: bool = False
    bundles: Mapping[str, str] = field(default_factory=dict)


def decision(event: Any, meaning: Meaning) -> Decision | None:  # noqa: ANN401 - whatever JSON can say
    """What is counted of one event; None if it is no decision."""
    if not isinstance(event, dict):
        return None
    path = event.get("path")
    if isinstance(path, str) and path:
        path = path.strip("/")
        path = path if _PATH.fullmatch(path) else OTHER
    elif isinstance(event.get("query"), str):
        path = QUERY
    else:
        return None
    redacted = {place for key in ("erased", "masked") for place in _texts(event.get(key))}
    name = event.get("decision_id")
    return Decision(
        path=path,
        result=_result(event, path, redacted, meaning),
        id=hash(name) if isinstance(name, str) and name else None,
        seconds=_seconds(event.get("metrics")),
        redacted=bool(redacted),
        bundles=_bundles(event.get("bundles")),
    )


def _result(event: dict[str, Any], path: str, redacted: set[str], meaning: Meaning) -> str:
    if event.get("error"):
        return "error"
    if redacted & {"/result", f"/result/{meaning.key}"}:
        return "erased"
    if "result" not in event:
        return "undefined"
    result = event["result"]
    if path.rpartition("/")[2] in meaning.denials:
        denied = bool(result) if isinstance(result, bool | list | dict) else None
        return OTHER if denied is None else (DENY if denied else ALLOW)
    if isinstance(result, dict):
        result = result.get(meaning.key)
    if isinstance(result, bool):
        return ALLOW if result else DENY
    return OTHER


def _seconds(metrics: Any) -> float | None:  # noqa: ANN401 - as above
    taken = metrics.get("timer_rego_query_eval_ns") if isinstance(metrics, dict) else None
    if isinstance(taken, bool) or not isinstance(taken, int | float):
        return None
    return taken / 1e9 if 0 <= taken <= _LONGEST_NS else None


def _bundles(bundles: Any) -> dict[str, str]:  # noqa: ANN401 - as above
    if not isinstance(bundles, dict):
        return {}
    return {
        name: revision if _REVISION.fullmatch(revision) else OTHER
        for name, about in list(bundles.items())[:_MOST_BUNDLES]
        if _PATH.fullmatch(name) and isinstance(about, dict) and isinstance(revision := about.get("revision"), str)
    }


def _texts(value: Any) -> list[str]:  # noqa: ANN401 - as above
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []

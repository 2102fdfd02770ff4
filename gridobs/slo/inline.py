"""What recorded series would be, read from what they are recorded from.

A selector of a recorded series becomes the expression of its rule, so that one query answers for a past in which no
rule ran. Steps of a subquery fall on multiples of its step since 1970, as the evaluations of ``promtool test rules``
do; a server evaluates each group at an offset of its own, so that events move by less than a step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridobs.rules.model import RecordingRule

_TEXT = r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`"""
_TOKEN = re.compile(rf"{_TEXT}|#[^\n]*|\d[\w.]*|(?P<name>[a-zA-Z_:][\w:]*)|.", re.DOTALL)
_MATCHERS = re.compile(rf"\s*\{{(?:{_TEXT}|[^{{}}\"'`])*\}}")
_MATCHER = re.compile(rf"(?P<label>\w+)\s*(?P<operator>=~|!~|!=|=)\s*(?P<text>{_TEXT})")
_RANGE = re.compile(r"\s*\[\s*(?P<range>[^\[\]:]+?)\s*\]")
_OFFSET = re.compile(r"\s*offset\s+-?\w+|\s*@\s*(?:[\d.]+|\w+\(\))")


def inline(rules: Sequence[RecordingRule], expr: str, *, step: str) -> str:
    """``expr`` with every series that ``rules`` record replaced by what records it, and so on down.

    A range over such a series becomes a subquery with ``step``, the interval its rules run at, such as ``30s``. A
    series that no rule records, or not with the labels asked for, is left as it is.

    Raises:
        ValueError: a rule reads what it records; its past cannot be computed in one query.
    """
    return _Inliner(rules, step).expression(expr, ())


@dataclass(frozen=True, slots=True)
class _Inliner:
    rules: Sequence[RecordingRule]
    step: str

    def expression(self, expr: str, within: tuple[str, ...]) -> str:
        parts, at = [], 0
        while at < len(expr):
            token = _TOKEN.match(expr, at)
            assert token is not None  # noqa: S101 - the last alternative matches any character
            at = token.end()
            part = token[0]
            if name := token["name"]:
                matchers = _MATCHERS.match(expr, at)
                recorded = self._recorded(name, matchers[0] if matchers else "", within)
                if recorded:
                    part, at = self._selector(recorded, expr, matchers.end() if matchers else at)
            parts.append(part)
        return "".join(parts)

    def _recorded(self, name: str, matchers: str, within: tuple[str, ...]) -> str | None:
        """The series of that name in brackets, or None when no rule records it."""
        rules = [rule for rule in self.rules if rule.record == name and _selects(matchers, rule.labels)]
        if rules and name in within:
            raise ValueError(f"{name} is recorded from itself, by way of {' and '.join(within)}")
        series = [_labelled(self.expression(rule.expr, (*within, name)), rule.labels) for rule in rules]
        return f"({' or '.join(series)})" if series else None

    def _selector(self, recorded: str, expr: str, at: int) -> tuple[str, int]:
        """The whole selector whose series is ``recorded``, and where ``expr`` goes on after it."""
        if found := _RANGE.match(expr, at):
            return f"{recorded}[{found['range']}:{self.step}]", found.end()
        if _OFFSET.match(expr, at):
            end = at
            while found := _OFFSET.match(expr, end):
                end = found.end()
            return f"last_over_time({recorded}[{self.step}:{self.step}]{expr[at:end]})", end
        return recorded, at


def _selects(matchers: str, labels: Mapping[str, str]) -> bool:
    return all(_holds(found, labels.get(found["label"], "")) for found in _MATCHER.finditer(matchers))


def _holds(matcher: re.Match[str], value: str) -> bool:
    text = matcher["text"][1:-1]
    if not matcher["text"].startswith("`"):
        text = re.sub(r"\\(.)", r"\1", text)
    same = re.fullmatch(text, value) is not None if "~" in matcher["operator"] else text == value
    return same != matcher["operator"].startswith("!")


def _labelled(expr: str, labels: Mapping[str, str]) -> str:
    """A rule's labels replace those of its expression, as they do where it is recorded."""
    for label, value in sorted(labels.items()):
        text = value.replace("\\", r"\\").replace('"', r"\"").replace("$", "$$")
        expr = f'label_replace({expr}, "{label}", "{text}", "", "")'
    return expr

"""Label values that satisfy the matchers of a selector."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import promql_parser as ast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ESCAPED = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"}
_OTHERS = ("", "a", "0", "other")
_REPEATED = re.compile(r"[?*]|\{0|(?P<kept>\+|\{\d+)")


def satisfying(matchers: Iterable[ast.Matcher]) -> dict[str, str] | None:
    """The labels of a series that all of ``matchers`` select; None when none is found."""
    by_name: dict[str, list[ast.Matcher]] = {}
    for matcher in matchers:
        by_name.setdefault(matcher.name, []).append(matcher)
    found = {}
    for name, wanted in by_name.items():
        tried = [text for one in wanted for text in _examples(one)] + list(_OTHERS)
        value = next((text for text in tried if all(_matches(one, text) for one in wanted)), None)
        if value is None:
            return None
        found[name] = value
    return {name: value for name, value in found.items() if value}


def selects(matchers: Iterable[ast.Matcher], labels: Mapping[str, str]) -> bool:
    """Whether a series with ``labels`` is selected; a label it has not is empty."""
    return all(_matches(one, labels.get(one.name, "")) for one in matchers)


def _matches(matcher: ast.Matcher, value: str) -> bool:
    negative = any(matcher.op == op for op in (ast.MatchOp.NotEqual, ast.MatchOp.NotRe))
    if any(matcher.op == op for op in (ast.MatchOp.Equal, ast.MatchOp.NotEqual)):
        return (matcher.value == value) is not negative
    try:
        found = re.fullmatch(matcher.value, value) is not None
    except re.error:
        return False
    return found is not negative


def _examples(matcher: ast.Matcher) -> list[str]:
    if matcher.op == ast.MatchOp.Equal:
        return [matcher.value]
    return [_Example(matcher.value).alternative()] if matcher.op == ast.MatchOp.Re else []


class _Example:
    """The shortest text of the first alternative of a pattern, as far as it is a simple one."""

    def __init__(self, pattern: str) -> None:
        self._rest = pattern

    def alternative(self) -> str:
        """Up to the end of the group; later alternatives are skipped."""
        first: str | None = None
        text = ""
        while self._rest and self._rest[0] != ")":
            if self._rest[0] == "|":
                self._take(1)
                first, text = text if first is None else first, ""
                continue
            text += self._piece()
        return text if first is None else first

    def _piece(self) -> str:
        match self._take(1):
            case "(":
                self._rest = self._rest.removeprefix("?:")
                piece = self.alternative()
                self._take(1)
            case "[":
                inside = self._take(max(self._rest.find("]", 1), 0) + 1)[:-1]
                piece = "a" if inside.startswith("^") else inside[:1]
            case "\\":
                escaped = self._take(1)
                piece = _ESCAPED.get(escaped, escaped)
            case ".":
                piece = "0"
            case "^" | "$":
                piece = ""
            case literal:
                piece = literal
        return piece * self._times()

    def _times(self) -> int:
        found = _REPEATED.match(self._rest)
        if not found:
            return 1
        braces = found[0].startswith("{")
        self._take(self._rest.find("}") + 1 if braces else 1)
        if not found["kept"]:
            return 0
        return int(found["kept"][1:]) if braces else 1

    def _take(self, count: int) -> str:
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

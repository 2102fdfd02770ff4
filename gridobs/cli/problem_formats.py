"""Problems as text for people, JSON for programs, and what code hosts show beside the line."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never
from urllib.parse import quote

from gridobs.explanations import explain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs.errors import Problem
    from gridobs.slo.live import Cost

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


def rendered(output: Format, problems: Sequence[Problem], costs: Sequence[Cost], *, version: str, here: Path) -> str:
    """The problems, in their order; paths are told from ``here``. Empty when there is nothing to say."""
    match output:
        case Format.TEXT:
            return "\n".join(map(_line, problems))
        case Format.JSON:
            listed = [_as_object(problem, here) for problem in problems]
            return json.dumps({"problems": listed, "costs": [asdict(cost) for cost in costs]}, indent=2)
        case Format.GITHUB:
            return "\n".join(_workflow_command(problem, here) for problem in problems)
        case Format.SARIF:
            return json.dumps(_sarif(problems, version, here), indent=2)
        case _:
            assert_never(output)


def _line(problem: Problem) -> str:
    marked = replace(problem, message=f"warning: {problem.message}") if problem.warning else problem
    return str(marked)


def _severity(problem: Problem) -> str:
    return "warning" if problem.warning else "error"


def _as_object(problem: Problem, here: Path) -> dict[str, Any]:
    return {
        "path": _shown(problem.path, here),
        "line": problem.line,
        "column": problem.column,
        "code": problem.code.value,
        "title": explain(problem.code).title,
        "severity": _severity(problem),
        "message": problem.message,
        "cure": problem.cure,
    }


def _workflow_command(problem: Problem, here: Path) -> str:
    """https://docs.github.com/actions/reference/workflow-commands-for-github-actions#setting-an-error-message."""
    properties = {
        "file": _shown(problem.path, here),
        "line": problem.line,
        "col": problem.column,
        "title": problem.code.value,
    }
    listed = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in properties.items())
    return f"::{_severity(problem)} {listed}::{_escaped(f'{problem.message}; {problem.cure}')}"


def _escaped(text: str, further: str = "") -> str:
    for character in "%\r\n" + further:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _sarif(problems: Sequence[Problem], version: str, here: Path) -> dict[str, Any]:
    """https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html."""
    codes = sorted({problem.code for problem in problems})
    rules = []
    for code in codes:
        entry = explain(code)
        rules.append(
            {
                "id": code.value,
                "shortDescription": {"text": entry.title},
                "fullDescription": {"text": entry.summary},
                "help": {"text": entry.text, "markdown": entry.markdown},
            }
        )
    results = [
        {
            "ruleId": problem.code.value,
            "ruleIndex": codes.index(problem.code),
            "level": _severity(problem),
            "message": {"text": f"{problem.message}; {problem.cure}"},
            "locations": [{"physicalLocation": _location(problem, here)}],
        }
        for problem in problems
    ]
    driver = {"name": "gridobs", "semanticVersion": version, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _location(problem: Problem, here: Path) -> dict[str, Any]:
    shown = _shown(problem.path, here)
    inside = not Path(shown).is_absolute()
    return {
        "artifactLocation": {"uri": quote(shown), "uriBaseId": _ROOT} if inside else {"uri": Path(shown).as_uri()},
        "region": {"startLine": problem.line, "startColumn": problem.column},
    }


def _shown(path: Path, here: Path) -> str:
    """Relative to ``here`` with forward slashes if it is below, else absolute."""
    full = Path(os.path.normpath(here / path))
    return (full.relative_to(here) if full.is_relative_to(here) else full).as_posix()

"""OpenSLO documents as YAML for people: a fixed order of keys, decimals as written, long queries as blocks."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gridobs.slo.importing.imported import Imported

_LONG = 90
_NEVER = 1_000_000


def render(slos: Iterable[Imported]) -> str:
    """One document for each SLO, its notes as comments above it."""
    return "---\n".join(map(_document, slos))


def _document(slo: Imported) -> str:
    notes = "".join(f"# {' '.join(note.split())}\n" for note in slo.notes)
    return notes + yaml.dump(slo.document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_NEVER)


class _Dumper(yaml.SafeDumper):
    """Indents lists and writes out what occurs twice."""

    def ignore_aliases(self, _data: object) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    is_block = "\n" in text or len(text) > _LONG
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if is_block else None)


def _decimal(dumper: yaml.SafeDumper, number: Decimal) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:float", f"{number:f}")


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Decimal, _decimal)

"""Where a character of a text stands in the YAML file, however the text is folded or quoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from gridobs.sources import Document, Loc


def place(document: Document, loc: Loc, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of the character at ``offset`` of the text at ``loc``.

    YAML changes only the white space of a text it does not escape, so that the other characters tell the place. A
    text with escapes has only the place where it begins.
    """
    node = _node(document.root, loc)
    if isinstance(node, yaml.ScalarNode):
        begin, end = node.start_mark.index, node.end_mark.index
        source = document.text[begin:end]
        skipped = _prefix(source, node.style)
        before = len("".join(node.value[:offset].split()))
        solid = [at for at in range(skipped, len(source)) if not source[at].isspace()]
        written = "".join(source[at] for at in solid)
        if written.rstrip("\"'").startswith("".join(node.value.split()).rstrip("\"'")) and before < len(solid):
            start = begin + solid[before]
            text = document.text[:start]
            return text.count("\n") + 1, start - text.rfind("\n")
    return document.position(loc)


def _prefix(source: str, style: str | None) -> int:
    """The characters before the text itself: a quote, or the line that says how a block is folded."""
    if style in {"|", ">"}:
        return source.find("\n") + 1
    return 1 if style in {"'", '"'} else 0


def _node(node: yaml.Node, loc: Loc) -> yaml.Node | None:
    for step in loc:
        if isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == step), None)
        else:
            found = node.value[step] if isinstance(step, int) and step < len(node.value) else None
        if found is None:
            return None
        node = found
    return node

"""A YAML file as plain data that remembers where each value stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Key = str | int
Keys = tuple[Key, ...]
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 20  # levels; nothing of ours is half as deep


class ConfigError(Exception):
    """A configuration that cannot work; one line per problem, each with its place and cure."""


@dataclass(frozen=True, slots=True)
class Document:
    """``places`` holds ``FILE:LINE:COLUMN`` of every value, by its keys from the top."""

    data: dict[str, Any] = field(default_factory=dict)
    places: dict[Keys, str] = field(default_factory=dict)


def read(path: Path) -> Document:
    """The one document of ``path``; an empty file is an empty mapping.

    Raises:
        ConfigError: If it cannot be read, or is not a YAML mapping without duplicate keys and aliases.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"{path}: cannot read it: {reason}") from error
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise ConfigError(f"{place}: not YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{path}: not YAML: {str(error).splitlines()[0]}") from error
    if root is None:
        return Document(places={(): f"{path}:1:1"})
    reader = _Reader(path)
    data = reader.value(root, ())
    if not isinstance(data, dict) and not reader.problems:
        reader.problems.append(f"{path}:1:1: must be a mapping; write e.g. mqtt: and its settings below it")
    if reader.problems:
        raise ConfigError("\n".join(reader.problems))
    return Document(data, reader.places)


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._scalars = _Loader("")
        self._seen: set[int] = set()
        self.places: dict[Keys, str] = {}
        self.problems: list[str] = []

    def value(self, node: yaml.Node, keys: Keys) -> Any:  # noqa: ANN401 - whatever YAML can say
        self.places.setdefault(keys, self._place(node))
        if id(node) in self._seen or len(keys) > _DEEPEST:
            self.problems.append(f"{self._place(node)}: aliases are not supported; write the value out")
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, keys))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*keys, index)) for index, item in enumerate(node.value)]
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            reason = getattr(error, "problem", None) or error
            self.problems.append(f"{self._place(node)}: {reason}; quote it if it is text")
            return None

    def _pairs(self, node: yaml.MappingNode, keys: Keys) -> Iterator[tuple[str, Any]]:
        first: dict[str, yaml.Node] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key, str):
                self.problems.append(f"{self._place(key_node)}: a key must be text")
            elif key in first:
                line = first[key].start_mark.line + 1
                self.problems.append(f"{self._place(key_node)}: {key!r} stands in line {line} already; keep one")
            else:
                first[key] = key_node
                self.places[(*keys, key)] = self._place(key_node)
                yield key, self.value(value_node, (*keys, key))

    def _place(self, node: yaml.Node) -> str:
        return f"{self._path}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"

"""YAML as plain data that knows its places."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import yaml

from gridobs.codes import Code
from gridobs.errors import Problem, SourceError
from gridobs.sources.native import compose

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Loc = tuple[str | int, ...]
_Keys = dict[str | int, tuple[yaml.Node, yaml.Node]]

_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({"str", "timestamp", "value"})
_PLAIN_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_YAML_CURE = "mend the YAML here; text that holds ': ' or ' #', or starts with one of {}[]*&!|>%@\"', needs quotes"


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: plain data, and where each part of it stands in ``text``, that of the whole file."""

    path: Path
    text: str = field(repr=False)
    data: object
    root: yaml.Node
    _keys: dict[int, _Keys] = field(default_factory=dict, compare=False, repr=False)

    def part(self, *loc: str | int) -> Document:
        """What stands at ``loc``, which must be there, as a document of its own; places are those in the file."""
        data, node = self.data, self.root
        for step in loc:
            found = self._child(node, step)
            if found is None:
                raise LookupError(step)
            data, node = data[step], found[1]  # type: ignore[index] # a node with this child was made into one
        return Document(self.path, self.text, data, node, self._keys)

    def position(self, loc: Loc = (), *, key: bool = False) -> tuple[int, int]:
        """Line and column, from 1, of the text or number at ``loc``, or of its key when ``key`` is set.

        A mapping or a list stands where its key does, and so does what is missing from it.
        """
        at, at_key = self.root, self.root
        for step in loc:
            found = self._child(at, step)
            if found is None:
                key = True
                break
            at_key, at = found
        return _place((at if isinstance(at, yaml.ScalarNode) and not key else at_key).start_mark)

    def problem(self, code: Code, loc: Loc, message: str, cure: str, *, key: bool = False) -> Problem:
        return Problem(self.path, *self.position(loc, key=key), code, message, cure)

    def _child(self, node: yaml.Node, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
        """The key node and the value node of ``step``; an item of a sequence is its own key."""
        if isinstance(node, yaml.MappingNode):
            if id(node) not in self._keys:
                self._keys[id(node)] = {
                    key.value: (key, value) for key, value in reversed(node.value) if _is_text(key)
                }
            return self._keys[id(node)].get(step)
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            return node.value[step], node.value[step]
        return None


class Collector:
    """Gathers the problems of many steps, so that a person sees them all in one run."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    @contextmanager
    def collect(self) -> Iterator[None]:
        try:
            yield
        except SourceError as error:
            self.problems += error.problems

    def finish(self) -> None:
        """Raise SourceError when anything was gathered."""
        if self.problems:
            raise SourceError(self.problems)


def find(folder: Path) -> tuple[Path, ...]:
    """Every ``*.yaml`` file below ``folder``, sorted; a ``*.yml`` is a problem, since it looks read but is not."""
    misnamed = [
        Problem(
            path,
            1,
            1,
            Code.UNREADABLE,
            "the file is not read: its name ends in .yml",
            f"rename it to {path.stem}.yaml",
        )
        for path in folder.rglob("*.yml")
    ]
    if misnamed:
        raise SourceError(misnamed)
    return tuple(sorted(path for path in folder.rglob("*.yaml") if path.is_file()))


def display(folder: Path, path: Path) -> str:
    """``path`` from the name of its root ``folder`` on, as ``alerts/slos/x.yaml``, wherever a command is started."""
    return f"{folder.resolve().name}/{path.relative_to(folder).as_posix()}"


def read(path: Path) -> tuple[Document, ...]:
    """The documents of a file, at least one. Raises SourceError with every syntax problem and duplicate key."""
    return parse(path, _text(path))


def read_text(path: Path) -> str:
    """The text of a file that is not YAML. Raises SourceError when it is not UTF-8 or holds control characters."""
    text = _text(path)
    _check_printable(path, text)
    return text


def parse(path: Path, text: str) -> tuple[Document, ...]:
    """As ``read``, of a text that was read elsewhere and that problems say stands in ``path``."""
    _check_printable(path, text)
    plain = _Plain(path)
    documents: list[Document] = []
    loader = yaml.SafeLoader(text)
    try:
        documents += [Document(path, text, plain.value(node), node) for node in compose(text) or _compose(loader)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = " ".join(filter(None, (error.context, error.problem)))
        plain.problems.append(
            Problem(
                path, *(_place(mark) if mark else (1, 1)), Code.INVALID_YAML, f"not valid YAML: {why}", _YAML_CURE
            )
        )
    except (ValueError, OverflowError):  # \U00110000, or a %YAML version of a thousand digits
        plain.problems.append(
            Problem(
                path, *_place(loader.get_mark()), Code.INVALID_YAML, "an impossible number or character", _YAML_CURE
            )
        )
    except RecursionError:
        plain.problems.append(
            Problem(path, 1, 1, Code.INVALID_YAML, "nested too deeply to be read", "write fewer levels")
        )
    if plain.problems:
        raise SourceError(plain.problems)
    if not documents:
        raise SourceError(
            [Problem(path, 1, 1, Code.UNREADABLE, "the file is empty", "write a document into it or delete it")]
        )
    return tuple(documents)


def _compose(loader: yaml.SafeLoader) -> Iterator[yaml.Node]:
    while loader.check_node():
        node = loader.get_node()
        if node is not None:
            yield node


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        why = f"the file cannot be read: {error.strerror}"
        raise SourceError(
            [Problem(path, 1, 1, Code.UNREADABLE, why, "make it readable for the user who runs this")]
        ) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise SourceError(
            [Problem(path, line, column, Code.UNREADABLE, "the file is not UTF-8", "save it as UTF-8")]
        ) from None


def _check_printable(path: Path, text: str) -> None:
    odd = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if odd:
        line, column = text.count("\n", 0, odd.start()) + 1, odd.start() - text.rfind("\n", 0, odd.start())
        raise SourceError(
            [Problem(path, line, column, Code.UNREADABLE, f"control character {odd[0]!r} in the file", "remove it")]
        )


def _place(mark: yaml.Mark) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


def _is_text(key: yaml.Node) -> bool:
    return isinstance(key, yaml.ScalarNode)


class _Plain:
    """Turns nodes into dicts, lists and scalars; what an alias names is made once and shared."""

    def __init__(self, path: Path) -> None:
        self.problems: list[Problem] = []
        self._path = path
        self._made: dict[int, object] = {}
        self._open: set[int] = set()

    def value(self, node: yaml.Node) -> object:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._open:
            self._problem(node, "an alias names something that contains it", "write the value out")
            return None
        if id(node) not in self._made:
            self._open.add(id(node))
            if node.tag not in {_TAG + "map", _TAG + "seq"}:
                self._problem(node, f"tag {_short(node.tag)} is not supported", "remove the tag")
            if isinstance(node, yaml.MappingNode):
                self._made[id(node)] = self._mapping(node)
            else:
                self._made[id(node)] = [self.value(item) for item in node.value]
            self._open.discard(id(node))
        return self._made[id(node)]

    def _mapping(self, node: yaml.MappingNode) -> dict[str, object]:
        made: dict[str, object] = {}
        first: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._problem(key, "a key must be text", "write a plain word before the colon")
            elif key.tag == _TAG + "merge":
                self._problem(key, "merge keys (<<) are not supported", "write the keys out")
            elif key.value in made:
                message = f"duplicate key '{key.value}', first written in line {first[key.value]}"
                self._problem(key, message, "keep one of the two")
            else:
                self._check_printable(key)
                made[key.value] = self.value(value)
                first[key.value] = key.start_mark.line + 1
        return made

    def _scalar(self, node: yaml.ScalarNode) -> object:
        kind, text = node.tag.removeprefix(_TAG), node.value
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() in {"yes", "true", "on"}
        if kind in {"int", "float"}:
            return _number(text)
        if kind not in _TEXT_TAGS:
            self._problem(node, f"tag {_short(node.tag)} is not supported", "remove the tag")
        self._check_printable(node)
        return text

    def _check_printable(self, node: yaml.ScalarNode) -> None:
        """An escape can write what the file itself may not hold."""
        if odd := yaml.reader.Reader.NON_PRINTABLE.search(node.value):
            self._problem(node, f"the text holds the control character {odd[0]!r}", "write it without")

    def _problem(self, node: yaml.Node, message: str, cure: str) -> None:
        self.problems.append(Problem(self._path, *_place(node.start_mark), Code.AMBIGUOUS_YAML, message, cure))


def _short(tag: str) -> str:
    return "!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag


def _number(text: str) -> int | Decimal | str:
    """An int or a Decimal; YAML's stranger spellings (octal, base 60, infinity) stay text."""
    try:
        return int(text) if _PLAIN_INT.fullmatch(text) else Decimal(text) if "." in text else text
    except (ValueError, InvalidOperation):
        return text

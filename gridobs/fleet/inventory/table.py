"""A fleet as CSV (RFC 4180): each row becomes a document whose parts stand where their cells do."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from gridobs import sources
from gridobs.codes import Code
from gridobs.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_LATITUDE, _LONGITUDE, _COORDINATES = "latitude", "longitude", "coordinates"
REQUIRED = ("id", "region", "address")
COLUMNS = (
    *REQUIRED, _LATITUDE, _LONGITUDE, "voltageClass", "devices", "nodes", "state", "transport", "scrapeInterval",
)  # fmt: skip

_QUOTED = re.compile(r'[ ]*"((?:[^"]|"")*)"[ ]*')
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class _Cell:
    """Line and column count from 1."""

    text: str
    line: int
    column: int


def read(path: Path) -> tuple[sources.Document, ...]:
    """A document for each row but the header. Raises SourceError with every fault of the table's form."""
    text = sources.read_text(path)
    collector = sources.Collector()
    rows = list(_rows(path, text, collector))
    if not rows:
        collector.problems.append(
            Problem(path, 1, 1, Code.UNREADABLE, "the file is empty", f"write a header: {','.join(COLUMNS)}")
        )
        collector.finish()
    header, *body = rows
    collector.problems += _header_problems(path, header)
    if len(rows) == 1 and not collector.problems:
        message = "the table has a header and no site"
        collector.problems.append(Problem(path, header[0].line, 1, Code.UNREADABLE, message, "write a row for each"))
    documents = []
    for row in body:
        if len(row) != len(header):
            message = f"the row has {len(row)} cells, the header {len(header)}"
            cure = "give it one for each column; put a cell that holds the separator in quotes"
            collector.problems.append(Problem(path, row[0].line, row[0].column, Code.INVALID_TABLE, message, cure))
            continue
        cells = {name.text: cell for name, cell in zip(header, row, strict=True) if cell.text}
        collector.problems += _half_a_place(path, cells)
        documents.append(_document(path, text, row[0], cells))
    collector.finish()
    return tuple(documents)


def _rows(path: Path, text: str, collector: sources.Collector) -> Iterator[list[_Cell]]:
    """Every row that is not blank; after a quote that is not closed there is none."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    header = text.partition("\n")[0]
    separator = ";" if header.count(";") > header.count(",") else ","
    bare = re.compile(rf"[^{separator}\n]*")
    at, line, begin = 0, 1, 0
    row: list[_Cell] = []
    while at <= len(text):
        column = at - begin + 1
        if quoted := _QUOTED.match(text, at):
            end = quoted.end()
            row.append(_Cell(quoted[1].replace('""', '"').strip(), line, column))
            if end < len(text) and text[end] not in {separator, "\n"}:
                message, cure = "there is text after the closing quote", "double a quote that is part of the text"
                collector.problems.append(Problem(path, *_place(text, end), Code.INVALID_TABLE, message, cure))
                end = bare.match(text, end).end()  # type: ignore[union-attr] # it matches nothing at least
        else:
            found = bare.match(text, at)
            content = found[0] if found else ""
            end = at + len(content)
            if content.lstrip().startswith('"'):
                collector.problems.append(
                    Problem(path, line, column, Code.INVALID_TABLE, "a quote is opened and not closed", "close it")
                )
                return
            row.append(_Cell(content.strip(), line, column + len(content) - len(content.lstrip())))
        if breaks := text.count("\n", at, end):
            line, begin = line + breaks, text.rfind("\n", at, end) + 1
        if end == len(text) or text[end] == "\n":
            if any(cell.text for cell in row):
                yield row
            row, line, begin = [], line + 1, end + 1
        at = end + 1


def _place(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _header_problems(path: Path, header: Sequence[_Cell]) -> Iterator[Problem]:
    first: dict[str, _Cell] = {}
    meant = set[str]()
    for cell in header:
        if cell.text not in COLUMNS:
            near = difflib.get_close_matches(cell.text, COLUMNS, n=1)
            meant.update(near)
            cure = f"did you mean '{near[0]}'?" if near else f"leave it out; known here: {', '.join(COLUMNS)}"
            yield Problem(path, cell.line, cell.column, Code.UNKNOWN_KEY, f"unknown column '{cell.text}'", cure)
        elif first.setdefault(cell.text, cell) is not cell:
            message = f"the column '{cell.text}' is there twice"
            yield Problem(path, cell.line, cell.column, Code.INVALID_TABLE, message, "keep one of the two")
    for name in REQUIRED:
        if name not in first and name not in meant:
            message, cure = f"the column '{name}' is missing", f"write a header with {', '.join(REQUIRED)}"
            yield Problem(path, header[0].line, 1, Code.MISSING_KEY, message, cure)


def _half_a_place(path: Path, cells: dict[str, _Cell]) -> list[Problem]:
    given = [cells[name] for name in (_LATITUDE, _LONGITUDE) if name in cells]
    return [
        Problem(
            path,
            cell.line,
            cell.column,
            Code.INVALID_COORDINATES,
            "half of a place is given",
            "write both or neither",
        )
        for cell in given
        if len(given) == 1
    ]


def _document(path: Path, text: str, first: _Cell, cells: dict[str, _Cell]) -> sources.Document:
    data: dict[str, object] = {name: cell.text for name, cell in cells.items()}
    nodes = {name: (_node(name, cell), _node(cell.text, cell)) for name, cell in cells.items()}
    if _LATITUDE in cells and _LONGITUDE in cells:
        data[_COORDINATES] = [data[_LATITUDE], data[_LONGITUDE]]
        values = [nodes[_LATITUDE][1], nodes[_LONGITUDE][1]]
        mark = _mark(cells[_LATITUDE])
        place: yaml.Node = yaml.SequenceNode(_TAG + "seq", values, mark, mark)
        nodes[_COORDINATES] = (_node(_COORDINATES, cells[_LATITUDE]), place)
    for name in (_LATITUDE, _LONGITUDE):
        data.pop(name, None)
        nodes.pop(name, None)
    root = yaml.MappingNode(_TAG + "map", list(nodes.values()), _mark(first), _mark(first))
    return sources.Document(path, text, data, root)


def _node(text: str, cell: _Cell) -> yaml.Node:
    return yaml.ScalarNode(_TAG + "str", text, _mark(cell), _mark(cell))


def _mark(cell: _Cell) -> yaml.Mark:
    return yaml.Mark("", 0, cell.line - 1, cell.column - 1, None, 0)

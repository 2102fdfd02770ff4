"""What libyaml reads must be what Python's parser would have read, place by place."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridobs import sources
from gridobs.errors import SourceError
from gridobs.sources.native import compose

FILE = """\
apiVersion: gridobs/v1 # a comment
regions:
- {name: east, title: "East: the 1st"}
- {name: west, title: 'West'}
sites:
  - id: &first sub-0001
    coordinates: [52.0001, -13.5]
    address: 10.0.0.1:9443
    note: |
      two
      lines
  - id: sub-0002
    same: *first
    text: >-
      folded
      text
"""
PIECES = (
    "a", "b: ", "- ", "-", "?", "? ", ": ", ":", "\n", "\n  ", "\n    ", " ", "[", "]", "{", "}", ",", ", ", "#",
    " # c", "&x ", "*x", "!t ", "!!str ", "!", "|", "|\n  ", ">", "|-\n", ">2\n", "'", '"', "''", "\\n", "\\",
    "\\u00e9", "=", "é", "\u00a0", "\U0001f600", "%", "@", "`", "~", "null", "1.5", "12", "yes", "---", "...",
    "--- ", "\n---\n", "<<", "\n...\n", "\t", "\r\n", "\x85", "\u2028", "\ufeff", "%YAML 1.1\n", "a" * 1100,
    "key: value\n", "- item\n",
)  # fmt: skip
Shape = tuple[object, ...]


def shape(node: yaml.Node) -> Shape:
    place = (node.tag, node.start_mark.line, node.start_mark.column)
    if isinstance(node, yaml.MappingNode):
        return (*place, [(shape(key), shape(value)) for key, value in node.value])
    if isinstance(node, yaml.SequenceNode):
        return (*place, [shape(item) for item in node.value])
    return (*place, node.value, node.start_mark.index, node.end_mark.index)


def by_python(text: str) -> list[Shape]:
    loader = yaml.SafeLoader(text)
    roots = []
    while loader.check_node():
        roots += [shape(node)] if (node := loader.get_node()) else []
    return roots


@st.composite
def texts(draw: st.DrawFn) -> str:
    piece = st.sampled_from(PIECES)
    if draw(st.booleans()):
        return "".join(draw(st.lists(piece, max_size=14)))
    text = FILE
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(piece) + text[at + draw(st.integers(0, 4)) :]
    return text


@settings(
    derandomize=True, database=None, max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(text=texts())
def test_what_is_read_natively_is_what_python_reads(text: str) -> None:
    if roots := compose(text):
        assert by_python(text) == [shape(root) for root in roots]


def test_an_ordinary_file_is_read_natively() -> None:
    assert by_python(FILE) == [shape(root) for root in compose(FILE)]
    assert compose("a: 1\n---\nb: [2, {c: 3}]\n")


@pytest.mark.parametrize("text", ["- " * 100_000, "[" * 100_000, "a: " * 50_000, "{a: " * 50_000, "- [" * 50_000])
def test_what_is_nested_deeply_is_left_to_python(text: str) -> None:
    assert not compose(text)


def test_a_long_list_of_keys_is_searched_once() -> None:
    """Positions of many parts take time in proportion, whichever way the file is built."""
    (document,) = sources.parse(Path("x.yaml"), "".join(f"key-{number}: {number}\n" for number in range(20_000)))

    assert [(number + 1, len(f"key-{number}: ") + 1) for number in range(20_000)] == [
        document.position((f"key-{number}",)) for number in range(20_000)
    ]


def test_a_part_is_a_document_with_the_places_of_the_file() -> None:
    (document,) = sources.parse(Path("x.yaml"), "a:\n  - b: 1\n    c: {d: 2}\n")
    part = document.part("a", 0)

    assert part.data == {"b": 1, "c": {"d": 2}}
    assert part.position() == (2, 5)
    assert part.position(("c", "d")) == document.position(("a", 0, "c", "d")) == (3, 12)
    with pytest.raises(LookupError):
        document.part("a", 1)


@pytest.mark.parametrize("text", ["a: [1\nb: 2\n", "a: *x\n", "a: &x 1\nb: &x 2\nc: *y\n", "a: 'b\n"])
def test_errors_are_worded_by_python(text: str) -> None:
    with pytest.raises(yaml.MarkedYAMLError) as expected:
        by_python(text)
    with pytest.raises(SourceError) as found:
        sources.parse(Path("x.yaml"), text)

    assert expected.value.problem
    assert expected.value.problem in str(found.value)

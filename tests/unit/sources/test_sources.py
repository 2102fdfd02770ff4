from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, ClassVar

import pytest
from pydantic import Field

from gridobs import sources
from gridobs.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path


class Inner(sources.Schema):
    unsupported: ClassVar = {"old": "write share"}

    share: float = Field(description="a number")


class Outer(sources.Schema):
    display_name: str = Field(description="some text")
    parts: tuple[Inner, ...] = Field((), description="a list of parts")


def read(folder: Path, text: str | bytes) -> tuple[sources.Document, ...]:
    path = folder / "x.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return sources.read(path)


def problems(folder: Path, text: str | bytes, schema: type[sources.Schema] = sources.Schema) -> list[str]:
    """What is wrong with ``text``, as ``line:column code message; cure``."""
    collector = sources.Collector()
    with collector.collect():
        for document in read(folder, text):
            sources.check(document, schema)
    return [str(one).removeprefix(f"{folder / 'x.yaml'}:") for one in sorted(collector.problems)]


def test_numbers_keep_their_digits_and_dates_stay_text(tmp_path: Path) -> None:
    (document,) = read(tmp_path, "a: 0.9990\nb: 7\nc: 2026-01-01 12:00:00\nd: yes\ne: ~\nf: 0o17\ng: .inf\nh: '1'\n")

    assert document.data == {
        "a": Decimal("0.9990"),
        "b": 7,
        "c": "2026-01-01 12:00:00",
        "d": True,
        "e": None,
        "f": "0o17",
        "g": ".inf",
        "h": "1",
    }
    assert str(document.data["a"]) == "0.9990"


def test_a_value_a_key_and_what_is_absent_have_places(tmp_path: Path) -> None:
    (document,) = read(tmp_path, "top:\n  list:\n    - one\n    - key: two\n")

    assert document.position(("top", "list", 1, "key")) == (4, 12)
    assert document.position(("top", "list", 1, "key"), key=True) == (4, 7)
    assert document.position(("top", "list", 9)) == (2, 3)
    assert document.position(("top", "list")) == (2, 3)
    assert document.position(("absent",)) == (1, 1)


def test_every_document_of_a_file_is_read(tmp_path: Path) -> None:
    documents = read(tmp_path, "a: 1\n---\na: 2\n")

    assert [document.data for document in documents] == [{"a": 1}, {"a": 2}]
    assert documents[1].position(("a",)) == (3, 4)


def test_an_alias_means_what_it_names(tmp_path: Path) -> None:
    (document,) = read(tmp_path, "a: &x {b: 1}\nc: *x\n")

    assert document.data == {"a": {"b": 1}, "c": {"b": 1}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1 GO003 duplicate key 'a', first written in line 1; keep one of the two"),
        ("a: &x\n  b: *x\n", "1:4 GO003 an alias names something that contains it; write the value out"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "3:3 GO003 merge keys (<<) are not supported; write the keys out"),
        ("a: !!binary aGk=\n", "1:4 GO003 tag !!binary is not supported; remove the tag"),
        ("a: !Ref [b]\n", "1:4 GO003 tag !Ref is not supported; remove the tag"),
        ("? [a]\n: 1\n", "1:3 GO003 a key must be text; write a plain word before the colon"),
        ("", "1:1 GO001 the file is empty; write a document into it or delete it"),
        ("# only a comment\n", "1:1 GO001 the file is empty; write a document into it or delete it"),
        (b"a: 1\nb: caf\xe9\n", "2:7 GO001 the file is not UTF-8; save it as UTF-8"),
        ("a: 1\nb: \x07\n", "2:4 GO001 control character '\\x07' in the file; remove it"),
        ("[" * 5000, "1:1 GO002 nested too deeply to be read; write fewer levels"),
    ],
)
def test_what_yaml_allows_or_forbids_is_a_problem_with_its_place(
    tmp_path: Path, text: str | bytes, expected: str
) -> None:
    assert problems(tmp_path, text) == [expected]


def test_broken_yaml_names_the_place(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "a: 1\nb: c: d\n")

    assert problem.startswith("2:5 GO002 not valid YAML: mapping values are not allowed here; mend the YAML here")


def test_problems_before_broken_yaml_are_reported_with_it(tmp_path: Path) -> None:
    assert len(problems(tmp_path, "a: 1\na: 2\n---\n}\n")) == 2


def test_every_fault_of_the_schema_is_reported_at_its_place(tmp_path: Path) -> None:
    found = problems(tmp_path, "displayNam: x\nparts:\n  - share: 1.5\n    old: 1\n  - share: lots\n  - {}\n", Outer)

    assert found == [
        "1:1 GO005 displayName is missing; write some text",
        "1:1 GO006 unknown key 'displayNam'; did you mean 'displayName'?",
        "4:5 GO007 'old' is not supported; write share",
        "5:12 GO004 parts.1.share should be a valid number, unable to parse string as a number; write a number",
        "6:5 GO005 parts.2.share is missing; write a number",
    ]


def test_an_unknown_key_like_no_other_is_told_what_is_known(tmp_path: Path) -> None:
    assert problems(tmp_path, "displayName: x\nzzz: 1\n", Outer) == [
        "2:1 GO006 unknown key 'zzz'; known here: displayName, parts"
    ]


def test_a_document_that_is_no_mapping_is_a_problem(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "- a\n", Outer)

    assert problem.startswith("1:1 GO004 the document should be a mapping")


def test_a_file_that_looks_read_but_is_not_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("a: 1\n")

    with pytest.raises(SourceError, match=r"a\.yml:1:1 GO001 the file is not read: .*; rename it to a\.yaml"):
        sources.find(tmp_path)


def test_files_are_found_sorted_in_folders_too(tmp_path: Path) -> None:
    for name in ("b.yaml", "team/a.yaml", "notes.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("a: 1\n")

    assert [path.relative_to(tmp_path).as_posix() for path in sources.find(tmp_path)] == ["b.yaml", "team/a.yaml"]


class Optional(sources.Schema):
    name: Annotated[str, Field(description="a name")] | None = None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: no\n", "1:7 GO004 name should be a valid string; put it in quotes, or write a name"),
        ("name: 5\n", "1:7 GO004 name should be a valid string; put it in quotes, or write a name"),
        ("name: [a]\n", "1:1 GO004 name should be a valid string; write a name"),
    ],
)
def test_what_yaml_takes_for_something_else_than_text_is_told_to_be_quoted(
    tmp_path: Path, text: str, expected: str
) -> None:
    assert problems(tmp_path, text, Optional) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a: "\\UFFFFFFFF"\n', "1:7 GO002 an impossible number or character; mend the YAML here"),
        (f"%YAML {'9' * 5000}.1\n---\na: 1\n", "1:7 GO002 an impossible number or character; mend the YAML here"),
        ('a: "\\ud800"\n', "1:4 GO003 the text holds the control character '\\ud800'; write it without"),
        ('"\\0": 1\n', "1:1 GO003 the text holds the control character '\\x00'; write it without"),
    ],
)
def test_what_an_escape_may_not_write_is_a_problem_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    assert problems(tmp_path, text)[0].startswith(expected)

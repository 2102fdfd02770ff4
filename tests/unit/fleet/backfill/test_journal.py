from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gridobs.errors import UsageError
from gridobs.fleet.backfill.holes import Span
from gridobs.fleet.backfill.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

HOLE = Span(after=1000, before=900_000)
PART = Span(after=2000, before=800_000)


def test_what_is_empty_is_settled_and_what_was_filled_once_is_not(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.json")
    journal.settle("sub-0001", filled=[HOLE], empty=[Span(after=950_000, before=990_000)])
    journal.save()

    again = Journal.open(tmp_path / "journal.json")

    assert again.settled("sub-0001") == (Span(after=950_000, before=990_000),)
    assert again.settled("sub-0002") == ()


def test_what_was_filled_twice_and_is_a_hole_still_is_not_asked_for_a_third_time() -> None:
    journal = Journal()
    journal.settle("sub-0001", filled=[HOLE], empty=[])
    assert journal.settled("sub-0001") == ()

    journal.settle("sub-0001", filled=[PART], empty=[])

    assert journal.settled("sub-0001") == (PART,)


def test_spans_out_of_reach_are_forgotten(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.json")
    journal.settle("sub-0001", filled=[HOLE], empty=[HOLE])
    journal.forget(before=HOLE.before)
    assert journal.settled("sub-0001") == (HOLE,)

    journal.forget(before=HOLE.before + 1)
    journal.save()

    assert journal.settled("sub-0001") == ()
    assert (tmp_path / "journal.json").read_text() == '{"version": 1, "sites": {}}\n'


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"version": 2, "sites": {}}', '{"version": 1, "sites": {"a": {"empty": [1]}}}', "\x00"]
)
def test_a_file_that_is_no_journal_is_named_and_left_alone(text: str, tmp_path: Path) -> None:
    file = tmp_path / "journal.json"
    file.write_text(text)

    with pytest.raises(UsageError, match=r"journal\.json is no journal"):
        Journal.open(file)

    assert file.read_text() == text


def test_a_journal_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "missing" / "journal.json")

    with pytest.raises(UsageError, match="cannot be written"):
        journal.save()

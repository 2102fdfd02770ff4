from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

from gridobs.artifacts import MARKER, Artifact, State, drift, write
from gridobs.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

A = Artifact(PurePosixPath("rules/a.yaml"), "a: 1\n")
B = Artifact(PurePosixPath("rules/deep/b.yaml"), "b: 1\n")


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_was_written_does_not_drift(tmp_path: Path) -> None:
    write([A, B], tmp_path / "out")

    assert drift([A, B], tmp_path / "out") == ()
    assert write([A, B], tmp_path / "out") == ()
    assert files(tmp_path / "out") == {"rules/a.yaml", "rules/deep/b.yaml", str(MARKER)}


def test_comparing_writes_nothing(tmp_path: Path) -> None:
    found = drift([A], tmp_path / "out")

    assert {one.state for one in found} == {State.MISSING}
    assert not (tmp_path / "out").exists()


def test_missing_stale_and_orphaned_are_told_apart(tmp_path: Path) -> None:
    write([A, B], tmp_path)
    (tmp_path / "rules/a.yaml").write_text("a: 2\n")
    (tmp_path / "rules/deep/b.yaml").unlink()
    (tmp_path / "stray").write_text("x")

    assert {(str(one.path), one.state) for one in drift([A, B], tmp_path)} == {
        ("rules/a.yaml", State.STALE), ("rules/deep/b.yaml", State.MISSING), ("stray", State.ORPHANED),
    }  # fmt: skip


def test_the_diff_goes_from_disk_to_generated(tmp_path: Path) -> None:
    write([A], tmp_path)
    (tmp_path / "rules/a.yaml").write_text("a: 2")

    (stale,) = drift([A], tmp_path)
    assert stale.diff().splitlines()[-4:] == ["@@ -1 +1 @@", "-a: 2", "\\ No newline at end of file", "+a: 1"]


def test_an_orphan_goes_with_the_folder_it_leaves_empty(tmp_path: Path) -> None:
    write([A, B], tmp_path)

    assert [str(one.path) for one in write([A], tmp_path)] == ["rules/deep/b.yaml"]
    assert not (tmp_path / "rules/deep").exists()
    assert (tmp_path / "rules/a.yaml").exists()


def test_a_linked_folder_is_removed_and_not_followed(tmp_path: Path) -> None:
    write([A], tmp_path / "out")
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/file").write_text("keep")
    (tmp_path / "out/link").symlink_to(tmp_path / "precious")

    write([A], tmp_path / "out")

    assert not (tmp_path / "out/link").exists()
    assert (tmp_path / "precious/file").read_text() == "keep"


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(UsageError, match=r"holds files that gridobs did not write, such as thesis\.txt"):
        write([A], tmp_path)
    assert files(tmp_path) == {"thesis.txt"}


def test_nothing_generated_is_an_error_rather_than_an_empty_folder(tmp_path: Path) -> None:
    write([A], tmp_path)

    with pytest.raises(UsageError, match="nothing was generated"):
        write([], tmp_path)
    assert (tmp_path / A.path).exists()


def test_a_file_in_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")

    with pytest.raises(UsageError, match="cannot hold generated files: it is not a folder"):
        drift([A], tmp_path / "out")


def test_a_draft_left_by_a_crash_is_an_orphan(tmp_path: Path) -> None:
    write([A], tmp_path)
    (tmp_path / "rules/.a.yaml.draft").write_text("half")

    assert [one.state for one in write([A], tmp_path)] == [State.ORPHANED]

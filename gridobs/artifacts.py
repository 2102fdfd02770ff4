"""Files that a command generates: compared with what is on disk, or written; the last step of every generator.

A generator owns its folder. What it did not make there is an orphan and goes, so the folder must carry our marker
before anything in it is removed.
"""

from __future__ import annotations

import difflib
import errno
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from gridobs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MARKER = PurePosixPath(".generated-by-gridobs")
_MARKER_TEXT = "gridobs generate owns this folder: it removes what it did not write here.\n"


@dataclass(frozen=True, slots=True, order=True)
class Artifact:
    """One generated file; ``path`` is relative to the folder it goes into."""

    path: PurePosixPath
    content: str


class State(StrEnum):
    MISSING = "missing"
    STALE = "stale"
    ORPHANED = "orphaned"


@dataclass(frozen=True, slots=True, order=True)
class Drift:
    """How one file differs from what would be generated. ``wanted`` is None for an orphan."""

    path: PurePosixPath
    state: State
    found: bytes
    wanted: str | None

    def diff(self) -> str:
        """A unified diff from what is on disk to what would be written."""
        found = self.found.decode("utf-8", "replace").splitlines(keepends=True)
        wanted = (self.wanted or "").splitlines(keepends=True)
        lines = difflib.unified_diff(found, wanted, f"on disk: {self.path}", f"generated: {self.path}")
        return "".join(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines)


def drift(artifacts: Iterable[Artifact], folder: Path) -> tuple[Drift, ...]:
    """What differs between ``folder`` and ``artifacts``, sorted by path; reads only.

    Raises UsageError when nothing was generated or the folder cannot be read.
    """
    wanted = {artifact.path: artifact.content for artifact in artifacts}
    if not wanted:
        raise UsageError("nothing was generated; are the sources in the folder that was named?")
    wanted[MARKER] = _MARKER_TEXT
    try:
        found = dict(_found(folder))
    except OSError as error:
        raise _unusable(folder, error) from None
    return tuple(
        Drift(path, state, found.get(path, b""), wanted.get(path))
        for path in sorted(wanted.keys() | found.keys())
        if (state := _state(found.get(path), wanted.get(path)))
    )


def write(artifacts: Iterable[Artifact], folder: Path) -> tuple[Drift, ...]:
    """Make ``folder`` hold exactly ``artifacts``, each file replaced in one step; gives what was changed.

    Raises UsageError when the folder holds files and lacks our marker, or cannot be written.
    """
    changes = drift(artifacts, folder)
    foreign = [change.path for change in changes if change.state is not State.MISSING]
    if foreign and not (folder / MARKER).exists():
        raise UsageError(
            f"{folder} holds files that gridobs did not write, such as {foreign[0]}; name an empty or a new folder"
        )
    try:
        for change in sorted(changes, key=lambda change: change.path != MARKER):
            _apply(change, folder)
    except OSError as error:
        raise _unusable(folder, error) from None
    return tuple(change for change in changes if change.path != MARKER)


def _state(found: bytes | None, wanted: str | None) -> State | None:
    if wanted is None:
        return State.ORPHANED
    if found is None:
        return State.MISSING
    return State.STALE if found != wanted.encode() else None


def _found(folder: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Every file below ``folder``; a link is a file of its own and is not followed."""
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "it is not a folder")
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        links = [name for name in folders if (here / name).is_symlink()]
        for path in (here / name for name in (*names, *links)):
            yield PurePosixPath(path.relative_to(folder)), b"" if path.is_symlink() else path.read_bytes()


def _apply(change: Drift, folder: Path) -> None:
    target = folder / change.path
    if change.wanted is None:
        target.unlink()
        for parent in target.relative_to(folder).parents[:-1]:
            if not any((folder / parent).iterdir()):
                (folder / parent).rmdir()
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.draft")
    draft.write_text(change.wanted, encoding="utf-8", newline="\n")
    draft.replace(target)


def _unusable(folder: Path, error: OSError) -> UsageError:
    return UsageError(f"{folder} cannot hold generated files: {error.strerror}; name another with --out")

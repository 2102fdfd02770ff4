"""What can go wrong for a person, as one tree.

GridObsError
├── UsageError          the command was called in a way that cannot work
├── SourceError         files a person wrote are wrong; carries every problem found, each with its place
├── MissingPrograms     a native program that is needed is not installed
├── ServerError         a Prometheus did not answer, or answered with an error
├── PortTaken           a port the testbed needs is in use
├── ComponentFailed     a started component stopped or never became ready
└── Findings            all ran, and what was looked at is not as it must be; exit status 1

Every message names the place and the cure. ``gridobs.cli`` alone prints them; anything else is a defect of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gridobs.codes import Code


class GridObsError(Exception):
    """An error whose text is meant for the person who ran the command."""


class UsageError(GridObsError):
    """The command was called in a way that cannot work."""


class MissingPrograms(GridObsError):  # noqa: N818 - reads as the fact it states
    """Native programs that are needed are not installed."""


class ServerError(GridObsError):
    """A Prometheus did not answer, or answered with an error."""


class PortTaken(GridObsError):  # noqa: N818 - as above
    """A port the testbed needs is in use."""


class ComponentFailed(GridObsError):  # noqa: N818 - as above
    """A started component stopped or never became ready."""


class Findings(GridObsError):  # noqa: N818 - as above
    """All ran, and what was looked at is not as it must be."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault in a file a person wrote. Lines and columns count from 1.

    ``cure`` says what to write instead; it is never empty. A warning (``warning`` set) does not stop anything.
    """

    path: Path
    line: int
    column: int
    code: Code
    message: str
    cure: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column} {self.code} {self.message}; {self.cure}"


class SourceError(GridObsError):
    """Files a person wrote are wrong; all problems are reported at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))

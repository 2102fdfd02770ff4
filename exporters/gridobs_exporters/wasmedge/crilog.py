"""Following a container's log as CRI writes it: ``<RFC 3339 time> stdout|stderr F|P <text>``, one file an attempt.

The kubelet rotates by renaming the file and letting the runtime open a new one, so a file is read to its end by its
descriptor before the path is looked at again.
"""

from __future__ import annotations

import os
import re
from calendar import timegm
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LINE = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?(?P<zone>Z|[+-]\d\d:\d\d) "
    r"(?P<stream>stdout|stderr) (?P<tag>[FP])(?::\S*)? (?P<text>.*)",
    re.ASCII | re.DOTALL,
)
_LONGEST = 16384  # bytes of a line kept, parts put together; CRI splits longer ones
_AT_ONCE = 262144  # bytes read of a file at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """``at`` is in nanoseconds; ``whole`` is False if the next line of the stream goes on with it."""

    at: int
    stream: str
    whole: bool
    text: str


def parse(line: bytes) -> LogLine:
    """One line.

    Raises:
        ValueError: If it is none of CRI's.
    """
    match = _LINE.fullmatch(line.decode("utf-8", "replace"))
    if match is None:
        raise ValueError("not a CRI log line")
    date = match["date"]
    year, month, day = (int(part) for part in date[:10].split("-"))
    hour, minute, second = (int(part) for part in date[11:].split(":"))
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second <= 60):  # noqa: PLR2004 - dates
        raise ValueError("no such time")
    seconds = timegm((max(year, 1), month, day, hour, minute, second)) - _offset(match["zone"])
    return LogLine(
        at=seconds * 10**9 + int((match["fraction"] or "0").ljust(9, "0")),
        stream=match["stream"],
        whole=match["tag"] == "F",
        text=match["text"],
    )


def _offset(zone: str) -> int:
    """Seconds east of Greenwich."""
    if zone == "Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    return (hours * 3600 + minutes * 60) * (-1 if zone[0] == "-" else 1)


class Tail:
    """The lines that come into one log file; opened when it is there, bounded in what it reads and keeps."""

    def __init__(self, path: Path, *, from_start: bool) -> None:
        """``from_start``: also what stands there already."""
        self._path = path
        self._from_start = from_start
        self._descriptor: int | None = None
        self._rest = b""

    def read(self) -> list[bytes]:
        """The next whole lines, of at most 256 KiB; none if there is nothing new."""
        if self._descriptor is None and not self._open():
            return []
        lines = self._more()
        if not lines and self._is_rotated():
            self.close()
            self._from_start = True
            if self._open():
                lines = self._more()
        return lines

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            self._rest = b""

    def _open(self) -> bool:
        try:
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            self._from_start = True  # what comes into a file that is not there yet is new
            return False
        if not self._from_start:
            os.lseek(self._descriptor, 0, os.SEEK_END)
        return True

    def _more(self) -> list[bytes]:
        if self._descriptor is None:
            return []
        try:
            chunk = os.read(self._descriptor, _AT_ONCE)
            if not chunk and os.fstat(self._descriptor).st_size < os.lseek(self._descriptor, 0, os.SEEK_CUR):
                os.lseek(self._descriptor, 0, os.SEEK_SET)  # it was cut short in place
                self._rest = b""
                chunk = os.read(self._descriptor, _AT_ONCE)
        except OSError:
            return []
        *lines, rest = (self._rest + chunk).split(b"\n")
        self._rest = rest[:_LONGEST]
        return [line[:_LONGEST] for line in lines]

    def _is_rotated(self) -> bool:
        if self._descriptor is None:
            return False
        with suppress(OSError):
            there, here = self._path.stat(follow_symlinks=False), os.fstat(self._descriptor)
            return (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino)
        return False


class Joiner:
    """Puts the parts of long lines together, a stream at a time."""

    def __init__(self) -> None:
        self._parts: dict[str, str] = {}

    def join(self, line: LogLine) -> Iterable[str]:
        """The text that the line completes."""
        text = (self._parts.pop(line.stream, "") + line.text)[:_LONGEST]
        if line.whole:
            yield text
        else:
            self._parts[line.stream] = text

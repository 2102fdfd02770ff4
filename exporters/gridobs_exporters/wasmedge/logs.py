"""The logs of wasm containers: their first line says they are ready, some lines are WasmEdge's statistics."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gridobs_exporters.names import wasmedge as names
from gridobs_exporters.wasmedge.crilog import Joiner, LogLine, Tail, parse
from gridobs_exporters.wasmedge.starts import START_TO_READY, measured
from gridobs_exporters.wasmedge.statistics import Statistics

if TYPE_CHECKING:
    from pathlib import Path

    from gridobs_exporters.wasmedge.identity import Workload
    from gridobs_exporters.wasmedge.tally import Tally

_MARKS = (b" [info] ", b" [error] ")  # of WasmEdge's lines; what has none is not looked into
_EARLY = 10**9  # nanoseconds a first line may come before the start is reported, which is after the process runs
_ROUND = 2**20  # bytes, about, that are read of all logs in a round


@dataclass(slots=True)
class _Followed:
    workload: Workload
    tail: Tail
    started: int | None
    joiner: Joiner = field(default_factory=Joiner)
    statistics: defaultdict[str, Statistics] = field(default_factory=lambda: defaultdict(Statistics))


class Logs:
    """Follows at most ``most`` logs below ``root``; without a root, none. Of one thread."""

    def __init__(self, root: Path | None, *, most: int, tally: Tally) -> None:
        self._root = root
        self._most = most
        self._tally = tally
        self._followed: dict[str, _Followed] = {}

    def follow(self, workload: Workload, *, started: int | None, from_start: bool) -> None:
        """``started`` is when the container started, in nanoseconds, if that was seen."""
        if self._root and workload.log and len(self._followed) < self._most and workload.id not in self._followed:
            tail = Tail(self._root / workload.log, from_start=from_start)
            self._followed[workload.id] = _Followed(workload, tail, started)

    def leave(self, container: str) -> None:
        """Read what is left of a container that ended."""
        if followed := self._followed.pop(container, None):
            while self._read(followed):
                pass
            followed.tail.close()

    def read(self) -> None:
        """Read what is new, in turn, so that a busy log does not keep the others from being read."""
        left = _ROUND
        for container in list(self._followed):
            followed = self._followed.pop(container)
            left -= self._read(followed)
            self._followed[container] = followed
            if left <= 0:
                return

    def _read(self, followed: _Followed) -> int:
        """How many bytes there were."""
        lines = followed.tail.read()
        if lines and followed.started is not None:
            self._note_ready(followed, lines[0])
        if any(mark in line for line in lines for mark in _MARKS):
            for line in lines:
                self._look(followed, line)
        return sum(map(len, lines))

    def _note_ready(self, followed: _Followed, first: bytes) -> None:
        if followed.started is not None and (line := self._parsed(first)):
            began = min(followed.started, line.at) if followed.started - line.at < _EARLY else followed.started
            self._tally.stages(followed.workload, measured({START_TO_READY: (began, line.at)}))
        followed.started = None

    def _look(self, followed: _Followed, raw: bytes) -> None:
        line = self._parsed(raw)
        if line is None:
            return
        for text in followed.joiner.join(line):
            for found in followed.statistics[line.stream].read(text):
                self._tally.logged(followed.workload, found)

    def _parsed(self, raw: bytes) -> LogLine | None:
        try:
            return parse(raw)
        except ValueError:
            self._tally.count(names.UNPARSEABLE, "log")
            return None

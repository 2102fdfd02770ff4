"""The statistics WasmEdge logs at the end of a call, as ``wasmedge --enable-all-statistics`` of 0.14.0 writes them.

Each is a line of spdlog's (``[time] [info] text``), some lines between a headline and an ``End``. Neither the runwasi
shim nor crun turns statistics on, so only workloads that run the ``wasmedge`` program, or ask for them, log them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEADLINE = re.compile(r"=+  Statistics  =+\s*")
_END = re.compile(r"=+   End   =+\s*")
_LINE = re.compile(r"(?:\[[^\]]{1,40}\] )?\[(?P<level>info|error)\] (?P<text>.*)", re.DOTALL)
_VALUE = re.compile(r"\s*(?P<what>[A-Z][A-Za-z ]{3,40}): (?P<number>[0-9]{1,20})(?: (?P<unit>ns|us))?\s*")
_COST = "Cost exceeded limit"
_UNITS = {"ns": 1e-9, "us": 1e-6}  # 0.8 wrote microseconds
_SECONDS = {
    "Total execution time": "total",
    "Wasm instructions execution time": "wasm",
    "Host functions execution time": "host",
}
_COUNTS = {"Executed wasm instructions count": "instructions", "Gas costs": "gas"}


@dataclass(slots=True)
class Execution:
    """One call: seconds and counts, None where WasmEdge did not measure."""

    total: float | None = None
    wasm: float | None = None
    host: float | None = None
    instructions: int | None = None
    gas: int | None = None


@dataclass(frozen=True, slots=True)
class CostExceeded:
    """A call that was ended at its gas limit."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A block without its end, or with a line that is none of a block."""


Found = Execution | CostExceeded | Broken


class Statistics:
    """Reads one stream of one container, a line at a time; blocks may be spread over reads."""

    def __init__(self) -> None:
        self._open: Execution | None = None

    def read(self, line: str) -> Iterable[Found]:
        """What the line completes. Lines of the workload itself are passed over, also within a block."""
        match = _LINE.fullmatch(line)
        if match is None:
            return
        text = match["text"]
        if match["level"] == "error":
            if _COST in text:
                yield CostExceeded()
        elif _HEADLINE.fullmatch(text):
            if self._open is not None:
                yield Broken()
            self._open = Execution()
        elif _END.fullmatch(text):
            yield Broken() if self._open is None else self._open
            self._open = None
        elif self._open is not None and not self._take(self._open, text):
            self._open = None
            yield Broken()

    @staticmethod
    def _take(execution: Execution, text: str) -> bool:
        """Whether the line is none of ours, or has what it should have."""
        match = _VALUE.fullmatch(text)
        if match is None:
            return text.lstrip().partition(":")[0] not in (*_SECONDS, *_COUNTS)
        what, number, unit = match["what"], int(match["number"]), match["unit"]
        if what in _SECONDS:
            if unit is None:
                return False
            setattr(execution, _SECONDS[what], number * _UNITS[unit])
        elif what in _COUNTS:
            setattr(execution, _COUNTS[what], number)
        return True

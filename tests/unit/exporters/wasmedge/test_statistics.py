"""What WasmEdge logs of its calls."""

from __future__ import annotations

import pytest
from gridobs_exporters.wasmedge.statistics import Broken, CostExceeded, Execution, Found, Statistics

NS = 1e-9
STAMP = "[2024-01-06 15:15:04.681] [info] "
HEAD = f"{STAMP}====================  Statistics  ===================="
END = f"{STAMP}=======================   End   ======================"


def read(*lines: str) -> list[Found]:
    statistics = Statistics()
    return [found for line in lines for found in statistics.read(line)]


def test_a_whole_block_is_one_execution() -> None:
    found = read(
        HEAD,
        f"{STAMP} Total execution time: 4200000 ns",
        f"{STAMP} Wasm instructions execution time: 4000000 ns",
        f"{STAMP} Host functions execution time: 200000 ns",
        f"{STAMP} Executed wasm instructions count: 150000",
        f"{STAMP} Gas costs: 170000",
        f"{STAMP} Instructions per second: 35714285",
        END,
    )

    assert found == [
        Execution(total=4200000 * NS, wasm=4000000 * NS, host=200000 * NS, instructions=150000, gas=170000)
    ]


def test_what_was_not_measured_is_unknown_and_not_0() -> None:
    assert read(HEAD, f"{STAMP} Gas costs: 7", END) == [Execution(gas=7)]


def test_microseconds_of_old_versions_are_seconds_too() -> None:
    assert read(HEAD, f"{STAMP} Total execution time: 1500 us", END) == [Execution(total=1500 * 1e-6)]


def test_lines_of_the_workload_within_a_block_are_passed_over() -> None:
    assert read(HEAD, "reading 7", f"{STAMP} Gas costs: 7", f"{STAMP} something of its own", END) == [
        Execution(gas=7)
    ]


def test_a_call_ended_at_its_gas_limit_is_told() -> None:
    line = "[2024-01-06 15:15:04.681] [error] Cost exceeded limit. Force terminate the execution."

    assert read(line) == [CostExceeded()]
    assert read(line.replace("[error]", "[info]")) == []
    assert read("the app says: Cost exceeded limit") == []


@pytest.mark.parametrize(
    "lines",
    [
        (END,),
        (HEAD, f"{STAMP} Gas costs: many"),
        (HEAD, f"{STAMP} Gas costs: -1"),
        (HEAD, f"{STAMP} Total execution time: 12"),
        (HEAD, f"{STAMP} Total execution time: 12 hours"),
    ],
)
def test_a_block_that_is_not_whole_is_broken_and_counts_nothing(lines: tuple[str, ...]) -> None:
    assert read(*lines) == [Broken()]


def test_a_block_that_begins_anew_gives_up_the_one_before() -> None:
    assert read(HEAD, f"{STAMP} Gas costs: 7", HEAD, f"{STAMP} Gas costs: 8", END) == [Broken(), Execution(gas=8)]

from __future__ import annotations

import os
import time

import pytest

from gridobs.fleet.simulation.control import SiteCounts
from gridobs.fleet.simulation.figures import body_bytes, quantile
from gridobs.fleet.simulation.measurement import cpu_seconds, resident_bytes


@pytest.mark.parametrize(
    ("values", "expected"), [([], 0.0), ([3.0], 3.0), ([*map(float, range(1, 101))], 99.0), ([2.0, 1.0], 2.0)]
)
def test_a_quantile_is_a_value_that_was_seen(values: list[float], expected: float) -> None:
    assert expected == quantile(values, 0.99)


def test_bytes_are_those_of_an_answer_of_the_sites_without_a_fault() -> None:
    def counts(answered: int, body: int) -> SiteCounts:
        return SiteCounts(requests=answered, answered=answered, body_bytes=body, wire_bytes=2 * body)

    before = {"a": counts(1, 100), "b": counts(1, 100)}
    after = {"a": counts(3, 500), "b": counts(2, 9_000)}

    assert (200.0, 400.0) == body_bytes(before, after, without=frozenset({"b"}))


def test_the_kernel_knows_the_cpu_time_and_the_memory_of_a_process() -> None:
    before = cpu_seconds(os.getpid())
    while cpu_seconds(os.getpid()) - before < 0.01:
        time.process_time()

    assert cpu_seconds(os.getpid()) > before
    assert resident_bytes(os.getpid()) > 1_000_000


def test_a_process_that_is_gone_is_an_error() -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        cpu_seconds(2**22 - 1)

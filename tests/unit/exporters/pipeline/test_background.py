"""What runs beside the scrapes goes on whatever happens, and what hangs is waited for by one thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.clock import Clock
from gridobs_exporters.pipeline.background import Periodic
from gridobs_exporters.pipeline.patience import OneCall

if TYPE_CHECKING:
    from collections.abc import Callable


def ended(action: Callable[[], bool], *, times: int, interval: float = 0.001) -> int:
    """How often the action was called by the time it had been called so many times, and its end was asked for."""
    calls = []
    enough = threading.Event()

    def counted() -> bool:
        calls.append(1)
        if len(calls) == times:
            enough.set()
        return action()

    periodic = Periodic("counted", counted, interval=interval, clock=Clock())
    periodic.start()
    assert enough.wait(10)
    periodic.stop()
    return len(calls)


def test_it_goes_on_after_what_nobody_expected(caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> bool:
        raise ZeroDivisionError

    assert ended(fails, times=3) >= 3
    assert "ZeroDivisionError" in caplog.text


def test_it_ends_while_it_waits_for_the_next_time() -> None:
    assert ended(lambda: True, times=1, interval=3600) == 1


def test_stopping_what_never_started_is_no_error() -> None:
    Periodic("idle", lambda: True, interval=1, clock=Clock()).stop()


def test_what_is_under_way_is_joined_and_then_called_anew() -> None:
    go, results = threading.Event(), iter(range(9))

    def slow() -> int:
        go.wait(10)
        return next(results)

    call = OneCall("slow", slow)
    for _ in range(5):
        call.begin()
        with pytest.raises(TimeoutError, match="slow: no answer in time"):
            call.result(0.01)
    assert [thread.name for thread in threading.enumerate()].count("slow") == 1
    go.set()
    assert call.result(10) == 0
    call.begin()
    assert call.result(10) == 1


def test_what_a_call_raises_is_raised_to_who_asks() -> None:
    def fails() -> None:
        raise ZeroDivisionError

    call = OneCall("fails", fails)
    call.begin()
    with pytest.raises(ZeroDivisionError):
        call.result(10)

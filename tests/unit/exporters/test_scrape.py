"""The frame: what one collector does never costs another."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.clock import Clock
from gridobs_exporters.metric import Samples, gauge, histogram
from gridobs_exporters.scrape import ONLY, Collector, Reading, Scraper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.unit.exporters.conftest import Hands


GOOD = gauge("gridobs_good_thing", "One.")
EACH = gauge("gridobs_many_things", "One each.", "thing")
SPAN = histogram("gridobs_span_seconds", "Spans.")


class Scripted(Collector):
    """A collector that does what the test says."""

    def __init__(self, name: str, act: Callable[[], Reading], *, targets: Sequence[str] = (ONLY,)) -> None:
        self.name = name
        self.targets = targets
        self.up = gauge(f"gridobs_{name}_up", "Whether.", *([] if targets == (ONLY,) else ["target"]))
        self.calls = 0
        self.act = act

    def collect(self) -> Reading:
        self.calls += 1
        return self.act()


def healthy() -> Reading:
    samples = Samples()
    samples.add(GOOD, 1)
    return Reading(up={ONLY: True}, complete=True, samples=samples)


def many() -> Reading:
    samples = Samples()
    samples.add(SPAN, ([("1.0", 1.0), ("+Inf", 2.0)], 3.0))
    for number in range(5):
        samples.add(EACH, number, str(number))
    return Reading(up={ONLY: True}, complete=True, samples=samples)


def partial() -> Reading:
    return Reading(up={ONLY: True}, complete=False)


def failing() -> Reading:
    raise RuntimeError("boom")


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What hung collectors wait for; opened at the end so that their threads end."""
    event = threading.Event()
    yield event
    event.set()


def samples(scraper: Scraper, *only: str, timeout: float = 0.2) -> dict[tuple[str, str], float]:
    return {
        (sample.name.removeprefix("gridobs_"), ",".join(sample.labels.values())): sample.value
        for family in scraper.scrape(only=only, timeout=timeout)
        for sample in family.samples
    }


def scraper_of(*collectors: Scripted, clock: Clock | None = None, **limits: int) -> Scraper:
    return Scraper(collectors, version="1.2.3", clock=clock or Clock(), limits=limits)


def test_a_collector_that_fails_costs_its_own_series_and_says_so() -> None:
    seen = samples(scraper_of(Scripted("good", healthy), Scripted("bad", failing)))

    assert seen["good_thing", ""] == 1
    assert (seen["good_up", ""], seen["bad_up", ""]) == (1, 0)
    assert seen["exporter_collector_success", "good"] == 1
    assert seen["exporter_collector_success", "bad"] == 0
    assert seen["exporter_collector_last_success_timestamp_seconds", "bad"] == 0
    assert ("exporter_collector_duration_seconds", "bad") in seen


def test_what_is_wrong_with_a_collector_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    scraper = scraper_of(Scripted("bad", failing))
    for _ in range(3):
        samples(scraper)

    assert [record.getMessage() for record in caplog.records] == ["collector bad gives nothing: boom"]


def test_a_collector_that_hangs_costs_its_own_series_and_one_thread(gate: threading.Event) -> None:
    def hang() -> Reading:
        gate.wait()
        return healthy()

    stuck = Scripted("stuck", hang)
    scraper = scraper_of(Scripted("good", healthy), stuck)
    for _ in range(3):
        seen = samples(scraper)
        assert seen["good_up", ""] == 1
        assert (seen["stuck_up", ""], seen["exporter_collector_success", "stuck"]) == (0, 0)
    assert stuck.calls == 1

    gate.set()
    assert samples(scraper, timeout=30)["stuck_up", ""] == 1


def test_what_the_target_is_missing_is_no_success_though_it_is_up() -> None:
    seen = samples(scraper_of(Scripted("half", partial)))

    assert (seen["half_up", ""], seen["exporter_collector_success", "half"]) == (1, 0)


def test_the_last_success_stays_when_the_collector_fails_later(hands: Hands) -> None:
    collector = Scripted("good", healthy)
    scraper = scraper_of(collector, clock=hands.clock)
    hands.now = 10.0
    first = samples(scraper)
    hands.now = 20.0
    collector.act = failing
    second = samples(scraper)

    last = ("exporter_collector_last_success_timestamp_seconds", "good")
    assert first[last] == second[last] == hands.clock.wall() - 10.0


def test_two_scrapes_at_once_share_one_call(gate: threading.Event) -> None:
    entered = threading.Event()

    def slow() -> Reading:
        entered.set()
        gate.wait()
        return healthy()

    collector = Scripted("good", slow)
    scraper = scraper_of(collector)
    seen: list[dict[tuple[str, str], float]] = []
    threads = [threading.Thread(target=lambda: seen.append(samples(scraper, timeout=30))) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert entered.wait(30)
    gate.set()
    for thread in threads:
        thread.join(30)

    assert [one["good_thing", ""] for one in seen] == [1, 1]
    assert collector.calls <= 2


def test_only_the_collectors_asked_for_run() -> None:
    good, other = Scripted("good", healthy), Scripted("other", healthy)
    seen = samples(scraper_of(good, other), "other")

    assert (good.calls, other.calls) == (0, 1)
    assert ("exporter_collector_success", "good") not in seen
    assert seen["exporter_build_info", "1.2.3"] == 1


def test_every_target_has_its_series_also_when_the_collector_fails() -> None:
    def one_of_two() -> Reading:
        return Reading(up={"a": True, "b": False}, complete=False)

    seen = samples(scraper_of(Scripted("pair", one_of_two, targets=("a", "b"))))
    assert (seen["pair_up", "a"], seen["pair_up", "b"]) == (1, 0)

    seen = samples(scraper_of(Scripted("pair", failing, targets=("a", "b"))))
    assert (seen["pair_up", "a"], seen["pair_up", "b"]) == (0, 0)


@pytest.mark.parametrize(
    ("limit", "things", "spans", "dropped"), [(9, 5, 1, 0), (6, 2, 1, 3), (4, 0, 1, 5), (3, 3, 0, 6)]
)
def test_what_is_over_the_limit_is_left_out_whole_and_counted(
    limit: int, things: int, spans: int, dropped: int
) -> None:
    scraper = scraper_of(Scripted("big", many), big=limit)
    for times in (1, 2):
        seen = samples(scraper)
        assert sum(name == "many_things" for name, _ in seen) == things
        assert sum(name == "span_seconds_count" for name, _ in seen) == spans
        assert seen["exporter_collector_dropped_samples_total", "big"] == times * dropped
        assert seen["exporter_collector_success", "big"] == (not dropped)

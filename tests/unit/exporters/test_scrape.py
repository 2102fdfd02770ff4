"""The frame: what one collector does never costs another."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.clock import Clock
from gridobs_exporters.scrape import Reading, Scraper
from prometheus_client.core import GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.unit.exporters.conftest import Hands


class Scripted:
    """A collector that does what the test says."""

    up_help = "Whether."

    def __init__(self, name: str, act: Callable[[], Reading]) -> None:
        self.name = name
        self.calls = 0
        self.act = act

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def collect(self) -> Reading:
        self.calls += 1
        return self.act()


def healthy() -> Reading:
    return Reading(up=True, complete=True, families=[GaugeMetricFamily("gridobs_good_thing", "One.", value=1)])


def partial() -> Reading:
    return Reading(up=True, complete=False)


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


def scraper_of(*collectors: Scripted, clock: Clock | None = None) -> Scraper:
    return Scraper(collectors, version="1.2.3", clock=clock or Clock())


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

"""A statistics page as a source: believed while the monitor is connected and readings are fresh."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.fetch import Fetcher
from gridobs_exporters.metric import Samples
from gridobs_exporters.mqtt.kind import TABLES
from gridobs_exporters.mqtt.stats_page import LARGEST, MOST_LINES, StatsPage, StatsSettings

if TYPE_CHECKING:
    from tests.unit.exporters.conftest import Hands
    from tests.unit.exporters.mqtt.standin import Page

INTERVAL = 15.0


@pytest.fixture(name="source")
def source_fixture(emqx_page: Page, hands: Hands) -> StatsPage:
    """Of an EMQX; nothing in the background."""
    settings = StatsSettings(
        table=TABLES["emqx"], fetcher=Fetcher(emqx_page.url, timeout=0.5), path="/stats?mode=node", interval=INTERVAL
    )
    return StatsPage(settings, name="main", clock=hands.clock)


def shown(source: StatsPage) -> dict[str, float]:
    """Samples by name, with the last label in braces where there are two."""
    samples = Samples()
    source.add_to(samples, "main")
    return {
        "/".join((sample.name, *list(sample.labels.values())[1:])): sample.value
        for family in samples.families()[0]
        for sample in family.samples
    }


def is_up(source: StatsPage) -> bool:
    return source.add_to(Samples(), "main")


def failures(source: StatsPage) -> dict[str, float]:
    prefix = "gridobs_mqtt_stats_failures_total/"
    return {name.removeprefix(prefix): value for name, value in shown(source).items() if name.startswith(prefix)}


def test_nothing_is_asked_before_the_monitor_is_connected(source: StatsPage, emqx_page: Page) -> None:
    source.read_once()

    assert emqx_page.asked == []
    assert not is_up(source)
    assert set(shown(source).values()) == {0}, "counters and timestamps are there from the start"


def test_a_reading_shows_what_the_page_says(source: StatsPage, emqx_page: Page, hands: Hands) -> None:
    source.connected()
    source.read_once()

    assert emqx_page.asked == [("/stats?mode=node", None)]
    assert is_up(source)
    assert shown(source)["gridobs_mqtt_clients_connected"] == 9
    assert shown(source)["gridobs_mqtt_last_heartbeat_timestamp_seconds"] == hands.clock.wall()


def test_a_reading_lives_for_three_intervals_and_not_longer(source: StatsPage, hands: Hands) -> None:
    source.connected()
    source.read_once()
    hands.now = 3 * INTERVAL
    assert is_up(source)
    hands.now += 0.01

    assert not is_up(source)
    assert "gridobs_mqtt_clients_connected" not in shown(source)


def test_what_a_lost_broker_said_is_void(source: StatsPage) -> None:
    source.connected()
    source.read_once()
    source.disconnected()
    assert not is_up(source)
    source.connected()

    assert not is_up(source), "not before it was read again"


def test_a_reading_that_began_before_the_broker_was_lost_is_void(
    source: StatsPage, emqx_page: Page, hands: Hands
) -> None:
    source.connected()
    emqx_page.hang = True
    reading = threading.Thread(target=source.read_once)
    reading.start()
    while not emqx_page.asked:
        reading.join(0.01)
    source.disconnected()
    hands.now = 1
    source.connected()
    emqx_page.let_go.set()
    reading.join()

    assert sum(failures(source).values()) == 0, "it came whole"
    assert not is_up(source)


@pytest.mark.parametrize("status", [401, 404, 500, 302])
def test_a_status_other_than_success_is_a_failure(source: StatsPage, emqx_page: Page, status: int) -> None:
    emqx_page.status = status
    source.connected()
    source.read_once()

    assert failures(source) == {"no_answer": 0, "no_statistics": 0, "status": 1}
    assert not is_up(source)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>log in</html>", b"\x00\xff" * 999, b"nanomq_connections_count 5\n", b"emqx_bytes_sent NaN\n"],
)
def test_a_page_without_statistics_is_a_failure(source: StatsPage, emqx_page: Page, body: bytes) -> None:
    emqx_page.body = body
    source.connected()
    source.read_once()

    assert failures(source)["no_statistics"] == 1
    assert not is_up(source)


@pytest.mark.parametrize("body", [b"emqx_bytes_sent 1\n" * (MOST_LINES + 1), b"x" * (LARGEST + 1)])
def test_a_page_that_is_too_large_is_a_failure(source: StatsPage, emqx_page: Page, body: bytes) -> None:
    emqx_page.body = body
    source.connected()
    source.read_once()

    assert sum(failures(source).values()) == 1
    assert not is_up(source)


def test_a_page_that_does_not_come_in_time_is_a_failure(source: StatsPage, emqx_page: Page) -> None:
    emqx_page.hang = True
    source.connected()
    source.read_once()

    assert failures(source)["no_answer"] == 1


def test_a_page_that_is_cut_off_is_a_failure(source: StatsPage, emqx_page: Page) -> None:
    emqx_page.length = len(emqx_page.body) + 100
    source.connected()
    source.read_once()

    assert failures(source)["no_answer"] == 1
    assert not is_up(source)


def test_a_failure_keeps_what_was_read_until_it_is_stale(source: StatsPage, emqx_page: Page, hands: Hands) -> None:
    source.connected()
    source.read_once()
    emqx_page.status = 500
    hands.now = INTERVAL
    source.read_once()

    assert is_up(source)
    assert failures(source)["status"] == 1


def test_lines_that_are_none_are_counted(source: StatsPage, emqx_page: Page) -> None:
    emqx_page.body += b"emqx_bytes_sent many\n"
    source.connected()
    source.read_once()

    assert shown(source)["gridobs_mqtt_unparseable_total/statistics"] == 1
    assert is_up(source)


def test_what_is_wrong_is_said_once(source: StatsPage, emqx_page: Page, caplog: pytest.LogCaptureFixture) -> None:
    emqx_page.status = 401
    source.connected()
    for _ in range(3):
        source.read_once()

    (line,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert line == (
        "statistics of main cannot be read: /stats?mode=node answers 401; "
        "check username, password_file or token_file below stats"
    )


def test_a_connection_is_followed_by_a_reading_at_once(source: StatsPage) -> None:
    """Though the clock of the test stands still: nothing waits for the interval."""
    source.start()
    source.connected()
    patience = 10.0
    while not is_up(source) and (patience := patience - 0.05) > 0:
        time.sleep(0.05)
    source.stop()

    assert is_up(source)

"""Holes of hours, filled from real Prometheuses into a real one."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest

from gridobs import conventions as names
from gridobs.errors import ServerError
from gridobs.fleet.backfill.assembly import Options, assemble
from gridobs.fleet.backfill.faults import Drop, Reason
from gridobs.fleet.backfill.visit import seconds
from tests.e2e.fleet.backfill.parts import (
    EVENTS,
    OLD_SAMPLES,
    SHARE,
    eventually,
    fleet_of,
    grid,
    history,
    mark_up,
)

if TYPE_CHECKING:
    from pathlib import Path

    from gridobs.fleet.backfill.service import Backfill
    from gridobs.fleet.egress.model import Egress
    from tests.e2e.fleet.backfill.parts import Gate, Gated, Running, Start

pytestmark = pytest.mark.e2e

HOUR = 3600
NAMES = (names.SITE_HEARTBEAT, SHARE, EVENTS)


class Cut:
    """Sites of which the hub holds the hours before and the minutes after a cut of so many hours."""

    def __init__(self, start: Start, gated: Gated, egress: Egress, *, sites: int, hours: float) -> None:
        now = time.time()
        self.since, self.back = now - 600 - hours * HOUR, now - 600
        self.ids = tuple(f"sub-{number + 1:04d}" for number in range(sites))
        self.hub = start(OLD_SAMPLES)
        self.edges: dict[str, Running] = {}
        self.gates: dict[str, Gate] = {}
        self.egress = egress
        for site in self.ids:
            self.edges[site] = start(OLD_SAMPLES)
            self.edges[site].write(*history(site, grid(now - 60, now - 45)))  # the newest first: all else is old
            self.edges[site].write(*history(site, grid(self.since - HOUR, now - 60)))
            self.gates[site] = gated(self.edges[site].url, egress)
            self.hub.write(*history(site, grid(now - 60, now - 45), at_hub=True))
            self.hub.write(*history(site, grid(self.since - HOUR, self.since), at_hub=True))
            self.hub.write(*history(site, grid(self.back, now - 60), at_hub=True))
        mark_up(self.hub, *self.ids)

    def backfill(self, *, options: Options | None = None) -> Backfill:
        """With a look-back that begins where the hub's samples do."""
        fleet = fleet_of(
            {site: gate.address for site, gate in self.gates.items()},
            outage_budget=int(time.time() - self.since) + 1500,
        )
        return assemble(fleet, self.egress, self.hub.client, options or Options(), tls=None)

    def missing(self) -> int:
        """Points of the sites that the hub lacks or has otherwise; it has none that they lack."""
        count = 0
        for name in NAMES:
            held = self.hub.raw(name)
            for site, edge in self.edges.items():
                for labels, points in edge.raw(name).items():
                    at_hub = held.pop(tuple(sorted((*labels, ("site", site), ("region", "north")))), {})
                    assert at_hub.keys() <= points.keys()
                    count += sum(at_hub.get(at) != value for at, value in points.items())
            assert held == {}
        return count

    def samples(self) -> int:
        return sum(len(points) for name in NAMES for points in self.hub.raw(name).values())


CutOf = Callable[..., Cut]


@pytest.fixture
def cut_of(start: Start, gated: Gated, egress: Egress) -> CutOf:
    return partial(Cut, start, gated, egress)


def test_six_hours_of_three_sites_are_recovered_point_for_point(cut_of: CutOf) -> None:
    cut = cut_of(sites=3, hours=6)
    assert cut.missing() == 3 * 200 * (6 * HOUR // 15 - 1)

    report = cut.backfill().run_once()

    assert [one.site for one in report.outcomes] == list(cut.ids)
    assert [(one.fault, one.left, one.holes_filled, one.empty) for one in report.outcomes] == [("", 0, 1, ())] * 3
    assert cut.missing() == 0


def test_a_second_run_finds_no_hole_and_adds_nothing(cut_of: CutOf) -> None:
    cut = cut_of(sites=1, hours=1)
    cut.backfill().run_once()
    samples, asked = cut.samples(), len(cut.gates["sub-0001"].asked)
    mark_up(cut.hub, *cut.ids)

    report = cut.backfill().run_once()

    assert report.pulled == 1
    assert report.outcomes == ()
    assert cut.samples() == samples
    assert len(cut.gates["sub-0001"].asked) == asked


def test_a_hole_that_ends_between_two_surveys_is_found_by_the_second(start: Start, egress: Egress) -> None:
    now = time.time()
    hub = start(OLD_SAMPLES)
    hub.write(*history("sub-0001", grid(now - 2 * HOUR, now - HOUR), at_hub=True))
    mark_up(hub, "sub-0001")
    fleet = fleet_of({"sub-0001": "127.0.0.1:1"}, outage_budget=2 * HOUR)
    backfill = assemble(fleet, egress, hub.client, Options(), tls=None)

    first, _ = backfill.find()
    hub.write(*history("sub-0001", grid(now - 60, now), at_hub=True))
    second, _ = backfill.find()
    third, _ = backfill.find()

    assert first.outcomes == ()
    assert [seconds(one.holes) for one in second.outcomes] == [pytest.approx(HOUR - 60, abs=15)]
    assert third.outcomes == second.outcomes


def test_what_is_written_twice_is_held_once(cut_of: CutOf) -> None:
    cut = cut_of(sites=1, hours=1)
    backfill = cut.backfill()
    _, visits = backfill.find()
    window = visits[0].next
    assert window is not None
    admitted, _ = backfill.gates.read(visits[0].site, window)

    for _ in range(3):
        assert backfill.receiver.write(admitted.series).refused == 0
    cut.backfill().run_once()

    assert cut.missing() == 0


def test_a_site_that_was_down_itself_is_not_asked_again(cut_of: CutOf, tmp_path: Path) -> None:
    cut = cut_of(sites=1, hours=1)
    gate = cut.gates["sub-0001"]
    answer = gate.answer
    down = (cut.since + 900, cut.since + 2700)  # half an hour, of which it has nothing
    gate.answer = lambda at: (
        (200, b'{"status":"success","data":{"resultType":"matrix","result":[]}}')
        if down[0] < at < down[1]
        else answer(at)
    )
    options = Options(journal=tmp_path / "journal.json")

    (first,) = cut.backfill(options=options).run_once().outcomes
    asked = len(gate.asked)
    mark_up(cut.hub, *cut.ids)
    second = cut.backfill(options=options).run_once()

    assert first.left == 0
    assert 900 <= seconds(first.empty) <= 2700
    assert seconds(first.filled) + seconds(first.empty) == pytest.approx(seconds(first.holes))
    assert second.outcomes == ()
    assert len(gate.asked) == asked


def test_a_dark_site_is_left_alone(cut_of: CutOf) -> None:
    cut = cut_of(sites=2, hours=1)
    mark_up(cut.hub, "sub-0001", up=False)
    eventually(lambda: cut.backfill().find()[0].dark == ("sub-0001",), "the hub says that the site is dark")

    report = cut.backfill().run_once()

    assert [one.site for one in report.outcomes] == ["sub-0002"]
    assert cut.gates["sub-0001"].asked == []


@pytest.mark.parametrize(
    ("answer", "reason", "said"),
    [
        ((200, b"<html>login</html>"), Reason.GARBAGE, "no matrix"),
        ((200, b"x" * 10_000_000), Reason.TOO_LARGE, "more than the"),
        ((502, b"bad gateway"), Reason.REFUSED, "answers 502"),
        ((403, b""), Reason.REFUSED, "knows the hub's certificate"),
    ],
    ids=["garbage", "10 MB", "502", "403"],
)
def test_a_bad_site_is_named_and_stops_no_other(
    answer: tuple[int, bytes], reason: Reason, said: str, cut_of: CutOf
) -> None:
    cut = cut_of(sites=2, hours=0.5)
    cut.gates["sub-0001"].answer = lambda _: answer

    backfill = cut.backfill()
    bad, good = backfill.run_once().outcomes

    assert bad.reason is reason
    assert said in bad.fault
    assert cut.gates["sub-0001"].address in bad.fault
    assert (good.fault, good.left) == ("", 0)
    value = backfill.meters.registry.get_sample_value
    assert value(names.BACKFILL_ERRORS, {"reason": reason}) == 1
    assert value(names.BACKFILL_HOLE_SECONDS, {"site": "sub-0001"}) == pytest.approx(1800, abs=60)
    assert value(names.BACKFILL_HOLE_SECONDS, {"site": "sub-0002"}) is None
    assert backfill.run_once().resting == ("sub-0001",)


def test_a_gate_that_is_busy_is_asked_again(cut_of: CutOf) -> None:
    cut = cut_of(sites=1, hours=0.5)
    answer = cut.gates["sub-0001"].answer
    busy = [(429, b"")]
    cut.gates["sub-0001"].answer = lambda at: busy.pop() if busy else answer(at)

    (outcome,) = cut.backfill().run_once().outcomes

    assert (outcome.fault, outcome.left, busy) == ("", 0, [])


def test_a_gate_that_does_not_answer_is_unreachable_and_stops_no_other(cut_of: CutOf) -> None:
    cut = cut_of(sites=2, hours=0.5)
    release: list[int] = []

    def hang(_: int) -> tuple[int, bytes]:
        eventually(lambda: bool(release), "released")
        return 200, b""

    cut.gates["sub-0001"].answer = hang
    bad, good = cut.backfill(options=Options(gate_timeout=1)).run_once().outcomes
    release.append(1)

    assert bad.reason is Reason.UNREACHABLE
    assert (good.fault, good.left) == ("", 0)


def test_a_site_cannot_write_for_another_nor_what_its_rules_do_not_record(cut_of: CutOf) -> None:
    cut = cut_of(sites=2, hours=0.5)
    answer = cut.gates["sub-0001"].answer

    def hostile(at: int) -> tuple[int, bytes]:
        status, body = answer(at)
        forged = (
            b'{"metric":{"__name__":"site:share:ratio","group":"00","site":"sub-0002"},"values":[[%d,"666"]]},'
            b'{"metric":{"__name__":"iot_meter_watts","meter":"4711"},"values":[[%d,"666"]]},' % (at - 8, at - 8)
        )
        return status, body.replace(b'"result":[', b'"result":[' + forged, 1)

    cut.gates["sub-0001"].answer = hostile

    first, _ = cut.backfill().run_once().outcomes

    assert set(first.dropped) == {Drop.IDENTITY, Drop.NAME}
    assert cut.missing() == 0
    assert cut.hub.raw("iot_meter_watts") == {}


def test_a_hub_that_takes_no_old_samples_is_told_what_to_set(start: Start, egress: Egress) -> None:
    hub = start({"scrape_configs": []})

    with pytest.raises(ServerError, match=r"set storage\.tsdb\.out_of_order_time_window"):
        assemble(fleet_of({"sub-0001": "127.0.0.1:1"}), egress, hub.client, Options(), tls=None)


def test_a_hub_that_receives_nothing_is_told_what_to_start_it_with(cut_of: CutOf, start: Start) -> None:
    cut = cut_of(sites=1, hours=0.5)
    backfill = cut.backfill()
    off = start(OLD_SAMPLES, receiver=False)
    backfill.receiver._client = off.client  # noqa: SLF001 - a hub cannot lose it while it runs

    with pytest.raises(ServerError, match=r"--web\.enable-remote-write-receiver"):
        backfill.run_once()


def test_a_sample_that_the_hub_has_otherwise_costs_itself_alone(start: Start, egress: Egress) -> None:
    hub = start(OLD_SAMPLES)
    times = grid(time.time() - 600, time.time() - 60)
    one, *others = history("sub-0001", times, at_hub=True)
    hub.write(type(one)(labels=one.labels, times=one.times[-1:], values=(666.0,)))
    cut = fleet_of({"sub-0001": "127.0.0.1:1"})

    written = assemble(cut, egress, hub.client, Options(), tls=None).receiver.write([one, *others])

    assert written.refused == 1
    assert written.samples == 200 * len(times) - 1
    assert sum(len(points) for points in hub.raw(SHARE).values()) == 100 * len(times)

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gridobs.fleet import capacity
from gridobs.fleet.capacity import constants
from gridobs.fleet.egress.model import Egress, ExportedSeries
from gridobs.fleet.model import Fleet, Hub, Region, Site, State, Transport


def exported(bound: int, interval: int = 30) -> ExportedSeries:
    return ExportedSeries(name=f"site:a:every{interval}", labels=(), bound=bound, interval=interval, source="a.yaml")


FAST, SLOW = Hub(scrape_interval=30), Hub(scrape_interval=60)


def fleet(count: int, **site: Any) -> Fleet:  # noqa: ANN401 - fields of a site
    numbers = range(count)
    return Fleet(
        regions=(Region(name="east"),),
        sites=tuple(
            replace(Site(id=f"sub-{at:04d}", region="east", address=f"a{at}.example:1"), **site) for at in numbers
        ),
        hub=SLOW,
    )


EGRESS = Egress(series=(exported(200),))


def test_a_fleet_without_watched_sites_needs_next_to_nothing() -> None:
    made = capacity.plan(fleet(9, state=State.RETIRED), EGRESS)

    assert (0, 0, 0.0, 0.0) == (made.sites, made.series, made.samples, made.wan_total)
    assert made.cores == constants.CPU_BASE.value
    assert (1, 0, ()) == (made.shards_needed, made.largest_shard, made.wan)


def test_series_are_those_of_sites_of_pulls_and_of_the_hub() -> None:
    assert capacity.plan(fleet(100), EGRESS).series == 100 * (200 + 5 + 5)
    assert capacity.plan(fleet(100, transport=Transport.VMAGENT), EGRESS).series == 100 * (200 + 5)


def test_a_sample_that_is_pulled_again_is_stored_once() -> None:
    """Sites record every 60 s and are pulled every 30 s: each sample comes twice."""
    recorded = Egress(series=(exported(200, 60),))
    own = 10 * 5 / 30 + 10 / 30 * 5

    assert capacity.plan(replace(fleet(10), hub=FAST), recorded).samples == pytest.approx(10 * 200 / 60 + own)
    assert capacity.plan(replace(fleet(10), hub=FAST), EGRESS).samples == pytest.approx(10 * 200 / 30 + own)


def test_a_site_of_its_own_interval_is_pulled_at_that() -> None:
    made = capacity.plan(replace(fleet(10, scrape_interval=120), hub=SLOW), EGRESS)

    assert made.pulls == pytest.approx(10 / 120)
    assert [(Transport.PULL, 120, 10)] == [(one.transport, one.interval, one.sites) for one in made.wan]


def test_what_sites_send_is_told_for_each_way_they_do() -> None:
    mixed = fleet(3)
    sites = (
        mixed.sites[0],
        replace(mixed.sites[1], transport=Transport.REMOTE_WRITE),
        replace(mixed.sites[2], scrape_interval=30),
    )
    made = capacity.plan(replace(mixed, sites=sites), EGRESS)

    assert [(one.transport.value, one.interval) for one in made.wan] == [
        ("pull", 30),
        ("pull", 60),
        ("remote-write", None),
    ]
    assert made.wan_total == pytest.approx(sum(one.bytes_per_second for one in made.wan))


def test_the_hole_of_an_outage_is_filled_at_the_pace_of_the_slower_end() -> None:
    one, many = capacity.plan(fleet(1), EGRESS).backfill, capacity.plan(fleet(5000), EGRESS).backfill

    assert one.samples == 200 * 86_400 / 30
    assert one.seconds == one.link_seconds == many.link_seconds
    assert many.seconds == many.hub_seconds == pytest.approx(5000 * one.hub_seconds)


def test_what_outgrows_a_machine_needs_more_shards() -> None:
    assert [1, 2, 7] == [
        capacity.plan(fleet(count), Egress(series=(exported(bound),))).shards_needed
        for count, bound in ((1000, 200), (1000, 2500), (5000, 2100))
    ]


def test_the_fullest_shard_is_that_of_the_assignment() -> None:
    made = capacity.plan(replace(fleet(1000), hub=Hub(shards=4)), EGRESS)

    assert 250 <= made.largest_shard <= 290


def test_sites_that_push_are_on_the_shard_that_they_push_to() -> None:
    made = capacity.plan(replace(fleet(1000, transport=Transport.REMOTE_WRITE), hub=Hub(shards=4)), EGRESS)

    assert made.largest_shard == 1000


@pytest.mark.parametrize(
    "more",
    [
        capacity.plan(fleet(20), EGRESS),
        capacity.plan(fleet(10), Egress(series=(exported(400),))),
        capacity.plan(replace(fleet(10), hub=FAST), EGRESS),
    ],
    ids=["sites", "series", "pulls"],
)
def test_more_to_do_never_takes_less(more: capacity.Plan) -> None:
    base = capacity.plan(fleet(10), EGRESS)

    assert more.cores > base.cores
    assert more.disk > base.disk
    assert more.memory >= base.memory
    assert more.wan_total > base.wan_total


def test_a_longer_retention_takes_more_disk_and_nothing_else() -> None:
    short, long = (capacity.plan(fleet(10), EGRESS, retention=days * 86_400) for days in (15, 30))

    assert long.disk > short.disk
    assert replace(long, disk=short.disk, retention=short.retention) == short


def test_every_constant_says_where_it_is_from() -> None:
    listed = [one for one in vars(constants).values() if isinstance(one, constants.Constant)]

    assert list(constants.TABLE) == listed
    assert all(one.value > 0 and one.unit and one.source for one in listed)

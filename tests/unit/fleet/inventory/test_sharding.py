from __future__ import annotations

import subprocess
import sys
from collections import Counter
from math import sqrt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridobs.fleet import sharding

SITES = [f"sub-{number:04d}" for number in range(1, 1001)]
steady = settings(derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])
names = st.lists(st.text("abcxyz0189-", min_size=1, max_size=12), unique=True, max_size=30)


@steady
@given(sites=names, shards=st.integers(1, 12))
def test_a_new_shard_takes_sites_and_nothing_moves_between_the_others(sites: list[str], shards: int) -> None:
    before, after = sharding.assign(sites, shards), sharding.assign(sites, shards + 1)

    assert {after[site] for site in sharding.moved(before, after)} <= {shards}


@steady
@given(sites=names, shards=st.integers(1, 12), data=st.data())
def test_another_site_moves_nobody(sites: list[str], shards: int, data: st.DataObject) -> None:
    fewer = data.draw(st.permutations(sites))[:-1]

    assert sharding.moved(sharding.assign(fewer, shards), sharding.assign(sites, shards)) == ()


@pytest.mark.parametrize("shards", range(1, 9))
def test_a_new_shard_moves_about_its_share(shards: int) -> None:
    """The share is 1/(N+1) of the sites; as many as four standard deviations of chance are still about it."""
    moves = len(sharding.moved(sharding.assign(SITES, shards), sharding.assign(SITES, shards + 1)))

    share = 1 / (shards + 1)
    assert abs(moves - 1000 * share) < 4 * sqrt(1000 * share * (1 - share))


@pytest.mark.parametrize("shards", range(2, 9))
def test_a_thousand_sites_are_spread_evenly(shards: int) -> None:
    counts = Counter(sharding.assign(SITES, shards).values())

    assert len(counts) == shards
    assert max(counts.values()) - 1000 / shards < 0.04 * 1000


def test_the_assignment_is_the_same_in_every_process() -> None:
    code = "from gridobs.fleet import sharding; print(sharding.assign(['sub-0001', 'sub-0002', 'sub-0003'], 5))"
    said = [
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True)
        for seed in ("1", "2")
    ]

    assert {str(sharding.assign(SITES[:3], 5))} == {one.stdout.decode().strip() for one in said}


def test_sites_that_came_or_went_have_not_moved() -> None:
    assert sharding.moved({"a": 0, "b": 1, "c": 0}, {"b": 0, "c": 0, "d": 1}) == ("b",)


def test_without_a_shard_nothing_can_be_assigned() -> None:
    with pytest.raises(ValueError, match="0 shards"):
        sharding.assign(SITES, 0)

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from gridobs import conventions as names
from gridobs.fleet.simulation.shape import choose_series, widen

if TYPE_CHECKING:
    from gridobs.fleet.egress.model import Egress


@pytest.mark.parametrize("count", [1, 2, 7, 18, 50, 200])
def test_a_site_has_as_many_series_as_asked_for(egress: Egress, count: int) -> None:
    series = choose_series(egress, count)

    assert count == len(series) == len(set(series))


def test_heartbeat_and_identity_are_the_last_to_be_cut(egress: Egress) -> None:
    assert {names.SITE_HEARTBEAT, names.SITE_INFO} == {one.name for one in choose_series(egress, 2)}


def test_series_stand_in_the_order_of_their_names(egress: Egress) -> None:
    series = choose_series(egress, 100)

    assert sorted(one.name for one in series) == [one.name for one in series]


def test_no_series_has_a_name_that_may_not_leave(egress: Egress) -> None:
    assert {one.name for one in choose_series(egress, 300)} <= set(egress.names)


def test_padding_repeats_the_objectives_under_other_names(egress: Egress) -> None:
    slos = {one.slo for one in choose_series(egress, 6 + 2 * 12)} - {""}

    assert {"power-accuracy", "power-availability", "power-accuracy-2", "power-availability-2"} == slos


def test_a_widened_egress_lets_every_series_through_and_forgets_no_name(egress: Egress) -> None:
    series = choose_series(egress, 200)
    widened = widen(egress, series)
    bounds: Counter[str] = Counter()
    for one in widened.series:
        bounds[one.name] += one.bound

    assert egress.names == widened.names
    assert all(count <= bounds[name] for name, count in Counter(one.name for one in series).items())


def test_an_egress_that_is_wide_enough_stays_as_it_is(egress: Egress) -> None:
    assert egress == widen(egress, choose_series(egress, 10))

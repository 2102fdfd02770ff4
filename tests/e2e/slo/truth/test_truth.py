"""The 30-day error ratio of the compiled rules against what the scrapes truly observed, on a real Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.slo.truth import measure
from tests.e2e.slo.truth.kinds import KINDS
from tests.e2e.slo.truth.measure import PERIOD
from tests.e2e.slo.truth.streams import LOOKBACK

if TYPE_CHECKING:
    from tests.e2e.slo.truth.kinds import Kind
    from tests.e2e.slo.truth.measure import Measured

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3000)]  # 7 min of processor time, on a machine that may be busy

by_name = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> list[Measured]:
    """Every stream of every kind, and a table of them at the end of the run."""
    found = measure.measure(KINDS, tmp_path_factory.mktemp("truth"))
    request.config.stash[measure.TABLE] = list(measure.table(found))
    return found


@by_name
def test_the_error_ratio_is_that_of_the_observed_events(measured: list[Measured], kind: Kind) -> None:
    """Within 0.5 % or one and a half events; 2 % where all that was bad came in less than a minute."""
    wrong = [
        one
        for one in measured
        if one.kind == kind.name
        and one.events_off
        > max(1.5 if one.truth.bad >= 2 else 0.5, (0.02 if kind.one_burst else 0.005) * one.truth.bad)
    ]

    assert wrong == []


@by_name
def test_coverage_is_the_share_of_the_period_in_which_scrapes_came(measured: list[Measured], kind: Kind) -> None:
    """A reading serves for the lookback, so that much of each gap still counts, and an interval may be cut."""
    for one in measured:
        if one.kind == kind.name:
            assert one.coverage is not None
            assert one.coverage == pytest.approx(
                one.truth.coverage, abs=(one.truth.gaps * (LOOKBACK + 60) + 120) / PERIOD
            )
            assert (one.truth.coverage < 1) == kind.gaps


def test_the_average_of_ratios_is_far_off_where_traffic_is_uneven(measured: list[Measured]) -> None:
    """Else the streams would be too easy to tell one form from the other."""
    for name in ("incident at the peak", "incident at night", "day and night 20:1", "bursts"):
        assert max(one.average_share_off for one in measured if one.kind == name) > 0.1


def test_there_are_hundreds_of_streams(measured: list[Measured]) -> None:
    assert len({one.stream for one in measured}) > 200
    assert max(one.truth.total for one in measured) > 1000 * min(one.truth.total for one in measured)

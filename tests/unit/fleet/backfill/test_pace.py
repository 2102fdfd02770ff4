from __future__ import annotations

from statistics import mean

from hypothesis import given
from hypothesis import strategies as st

from gridobs.fleet.backfill.pace import Bucket, rest, share


@given(amounts=st.lists(st.integers(1, 5000), min_size=1, max_size=50), rate=st.integers(1, 1000))
def test_whoever_waits_as_told_never_exceeds_the_rate_by_more_than_a_second_and_an_amount(
    amounts: list[int], rate: int
) -> None:
    now = 0.0
    bucket = Bucket(rate, lambda: now)
    for spent, amount in enumerate(amounts):
        assert sum(amounts[:spent]) <= rate * (now + 1) + 1e-6
        now += bucket.spend(amount)


def test_starts_are_spread_evenly_over_sites_and_stay_as_they_are() -> None:
    shares = [share(f"sub-{number:04d}") for number in range(1000)]

    assert all(0 <= one < 1 for one in shares)
    assert 0.45 < mean(shares) < 0.55
    assert max(sum(begin <= one < begin + 0.1 for one in shares) for begin in (0.0, 0.2, 0.4, 0.6, 0.8)) < 150
    assert share("sub-0001") == shares[1]


def test_a_site_that_fails_is_left_alone_for_longer_each_time_up_to_a_bound() -> None:
    rests = [rest(failures, "sub-0001") for failures in range(1, 40)]

    assert rests == sorted(rests)
    assert rests[0] < 60
    assert rests[-1] <= 2250

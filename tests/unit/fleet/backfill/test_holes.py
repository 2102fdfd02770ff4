from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from gridobs.fleet.backfill.holes import (
    WINDOW_SECONDS,
    Span,
    Tempo,
    find_holes,
    merge,
    subtract,
    windows,
)

TEMPO = Tempo(interval=30, pull=60)
NOON = 1_700_000_000_000

times = st.lists(st.integers(min_value=0, max_value=100_000), max_size=60)
thresholds = st.integers(min_value=1, max_value=20_000)
spans = st.tuples(st.integers(0, 100_000), st.integers(1, 30_000)).map(
    lambda pair: Span(after=pair[0], before=pair[0] + pair[1])
)


def test_six_hours_without_a_sample_are_one_hole() -> None:
    cut, back = NOON, NOON + 6 * 3_600_000
    held = [*range(NOON - 3_600_000, cut + 1, 60_000), *range(back, back + 600_000, 60_000)]

    found = find_holes(held, since=NOON - 3_600_000, threshold=TEMPO.threshold)

    assert found == (Span(after=cut, before=back),)


def test_one_failed_pull_is_no_hole_and_two_are() -> None:
    one = [NOON, NOON + 2 * 60_000 + 30_000]
    two = [NOON, NOON + 3 * 60_000]

    assert find_holes(one, since=NOON, threshold=TEMPO.threshold) == ()
    assert len(find_holes(two, since=NOON, threshold=TEMPO.threshold)) == 1


def test_what_is_newer_than_the_last_sample_is_no_hole() -> None:
    assert find_holes([NOON + 1000], since=NOON, threshold=TEMPO.threshold) == ()
    assert find_holes([], since=NOON, threshold=TEMPO.threshold) == ()


def test_a_site_that_was_first_seen_within_the_look_back_has_a_hole_before() -> None:
    found = find_holes([NOON + 900_000], since=NOON, threshold=TEMPO.threshold)

    assert found == (Span(after=NOON, before=NOON + 900_000),)


@given(times=times, since=st.integers(0, 100_000), threshold=thresholds)
def test_holes_hold_no_sample_are_long_and_end_with_one(times: list[int], since: int, threshold: int) -> None:
    holes = find_holes(times, since=since, threshold=threshold)

    assert list(holes) == sorted(holes)
    for hole in holes:
        assert hole.before - hole.after > threshold
        assert hole.before in times
        assert hole.after in times or hole.after == since
        assert not any(hole.after < time < hole.before for time in times)


@given(times=times, since=st.integers(0, 100_000), threshold=thresholds)
def test_once_every_hole_is_filled_at_a_steady_pace_none_is_found(
    times: list[int], since: int, threshold: int
) -> None:
    holes = find_holes(times, since=since, threshold=threshold)
    filled = [time for hole in holes for time in range(hole.after, hole.before, threshold)]

    assert find_holes([*times, *filled], since=since, threshold=threshold) == ()


@given(times=times, since=st.integers(0, 100_000), threshold=thresholds)
def test_every_long_wait_for_a_sample_is_a_hole(times: list[int], since: int, threshold: int) -> None:
    holes = find_holes(times, since=since, threshold=threshold)
    last = max(times, default=0)

    for moment in range(since + threshold + 1, last, 997):
        if not any(moment - threshold <= time <= moment for time in [since, *times]):
            assert any(hole.after < moment < hole.before for hole in holes)


@given(holes=st.lists(spans, max_size=8).map(merge), settled=st.lists(spans, max_size=8), threshold=thresholds)
def test_what_is_left_of_holes_is_theirs_and_not_settled(
    holes: tuple[Span, ...], settled: list[Span], threshold: int
) -> None:
    left = subtract(holes, settled, threshold=threshold)

    for part in left:
        assert part.before - part.after > threshold
        assert any(hole.after <= part.after and part.before <= hole.before for hole in holes)
        assert not any(part.after < one.before and one.after < part.before for one in settled)
    assert subtract(holes, holes, threshold=threshold) == ()
    assert subtract(holes, merge(settled), threshold=threshold) == left


@given(hole=spans.map(lambda one: Span(after=one.after, before=one.after + 977 * (one.before - one.after))))
def test_the_windows_of_a_hole_cover_each_millisecond_of_it_once(hole: Span) -> None:
    asked = windows(hole)

    inside = [(one.span.after + 1, one.span.before - 1) for one in asked]
    if inside:
        assert inside[0][0] == hole.after + 1
        assert inside[-1][1] == hole.before - 1
    for (_, end), (start, _) in itertools.pairwise(inside):
        assert start == end + 1
    for one in asked:
        assert (one.time - WINDOW_SECONDS) * 1000 <= one.span.after
        assert one.span.before - 1 <= one.time * 1000

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gridobs.fleet.backfill.admission import Admitted
from gridobs.fleet.backfill.holes import Span, Tempo
from gridobs.fleet.backfill.meters import Meters
from gridobs.fleet.backfill.receiver import Written
from gridobs.fleet.backfill.rota import Rota
from gridobs.fleet.backfill.visit import Visit

if TYPE_CHECKING:
    from gridobs.fleet.model import Site

HOUR = 3_600_000
START = 1_700_000_000_000
HOLE = Span(after=START, before=START + HOUR)
TEMPO = Tempo(interval=30, pull=60)


def visit_of(site: Site, *holes: Span) -> Visit:
    return Visit(site=site, tempo=TEMPO, holes=holes or (HOLE,))


def answer(visit: Visit, *, windows: int = 100, without: Span | None = None) -> Visit:
    """Note for each window that there was a sample every 30 s, but none in ``without``."""
    for _ in range(windows):
        window = visit.next
        if window is None:
            break
        times = tuple(
            at
            for at in range(START, HOLE.before + 10 * HOUR, 30_000)
            if window.span.after < at < window.span.before and not (without and without.after < at < without.before)
        )
        visit.note(Admitted(series=(), reference=times, dropped=Counter()), Written(samples=len(times), refused=0))
    return visit


def test_a_hole_that_was_answered_whole_is_filled(site: Site) -> None:
    outcome = answer(visit_of(site)).outcome()

    assert outcome.filled == (HOLE,)
    assert (outcome.empty, outcome.left, outcome.holes_filled, outcome.holes_empty) == ((), 0, 1, 0)
    assert outcome.samples == HOUR // 30_000 - 1


def test_what_the_site_has_not_either_is_empty_across_windows(site: Site) -> None:
    down = Span(after=START + 600_000, before=START + 1_800_000)

    outcome = answer(visit_of(site), without=down).outcome()

    assert outcome.empty == (down,)
    assert outcome.filled == (Span(after=START, before=down.after), Span(after=down.before, before=HOLE.before))
    assert (outcome.left, outcome.holes_filled) == (0, 1)


def test_a_hole_of_which_the_site_has_nothing_is_empty(site: Site) -> None:
    outcome = answer(visit_of(site), without=HOLE).outcome()

    assert (outcome.empty, outcome.filled) == ((HOLE,), ())
    assert (outcome.left, outcome.holes_filled, outcome.holes_empty) == (0, 0, 1)


def test_what_was_not_asked_for_is_left(site: Site) -> None:
    outcome = answer(visit_of(site), windows=1).outcome()

    assert outcome.filled == (Span(after=START, before=START + 900_001),)
    assert outcome.left == 3600 - 900.001
    assert outcome.holes_filled == 0


def test_the_oldest_hole_comes_first_and_each_counts(site: Site) -> None:
    later = Span(after=START + 5 * HOUR, before=START + 6 * HOUR)
    visit = visit_of(site, HOLE, later)
    first = visit.next

    outcome = answer(visit).outcome()

    assert first is not None
    assert first.span.after == START
    assert outcome.filled == (HOLE, later)
    assert outcome.holes_filled == 2


def test_the_hole_of_a_site_is_shown_until_nothing_is_left(site: Site) -> None:
    meters = Meters()
    meters.surveyed({site.id: 3600}, dark=2, at=START / 1000)
    seconds = ("gridobs_backfill_hole_seconds", {"site": site.id})
    value = meters.registry.get_sample_value

    meters.visited(answer(visit_of(site), windows=1).outcome())
    half = value(*seconds)
    meters.visited(answer(visit_of(site)).outcome())

    assert half == 3600 - 900.001
    assert value(*seconds) is None
    assert value("gridobs_backfill_holes_filled_total") == 1
    assert value("gridobs_backfill_sites_dark") == 2


def test_turns_come_when_they_are_due_and_end_when_all_is_done(site: Site) -> None:
    now = 0.0
    rota = Rota(clock=lambda: now, stopping=lambda: False)
    late, soon = visit_of(site), visit_of(site)
    rota.add(late, 10)
    rota.add(soon, 5)

    now = 20.0
    first, second = rota.take(), rota.take()
    rota.finish()
    rota.put_back(late, 15)
    third = rota.take()
    rota.finish()

    assert (first, second, third) == (soon, late, late)
    assert rota.take() is None


def test_no_turn_comes_after_the_end(site: Site) -> None:
    rota = Rota(clock=lambda: 20.0, stopping=lambda: False)
    rota.add(visit_of(site), 10)
    rota.close()

    assert rota.take() is None

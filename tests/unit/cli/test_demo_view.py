"""What the demo's table and story say."""

from __future__ import annotations

import io
import re

from rich.console import Console

from gridobs.cli import demo_view as view
from gridobs.testbed.audit import Audit
from gridobs.testbed.http_api import FIRING, PENDING, ActiveAlert
from gridobs.testbed.status import ObjectiveStatus
from gridobs.testbed.story import Event


def text(renderable: object) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def status(*, sli: float | None = 0.9995, alerts: tuple[ActiveAlert, ...] = ()) -> ObjectiveStatus:
    return ObjectiveStatus(
        name="power-latency-p999",
        objective=0.999,
        sli=sli,
        burn_rate=None if sli is None else 0.5,
        budget_left=None if sli is None else -0.25,
        coverage=None if sli is None else 0.1,
        alerts=alerts,
    )


def alert(state: str, severity: str) -> ActiveAlert:
    return ActiveAlert(name="Burn", severity=severity, slo="power-latency-p999", state=state)


def test_an_objective_fits_a_line_of_eighty_columns_unabridged() -> None:
    shown = text(view.objectives_table([status()]))

    assert "…" not in shown
    (row,) = [line for line in shown.splitlines() if "power-latency-p999" in line]
    assert ["power-latency-p999", "99.90 %", "99.95 %", "0.50", "-25.0 %", "-"] == re.split(r"  +", row.strip())


def test_the_longest_state_fits_too() -> None:
    assert "ticket pending" in text(view.objectives_table([status(sli=None, alerts=(alert(PENDING, "ticket"),))]))


def test_no_data_is_said_and_not_shown_as_a_number() -> None:
    row = next(line for line in text(view.objectives_table([status(sli=None)])).splitlines() if "power" in line)

    assert row.count("no data") == 3
    assert not status(sli=None).complete


def test_a_firing_alert_is_shown_before_a_pending_one() -> None:
    shown = text(view.objectives_table([status(alerts=(alert(PENDING, "page"), alert(FIRING, "ticket")))]))

    assert "ticket firing" in shown
    assert "pending" not in shown


def test_an_event_is_told_with_minutes_and_seconds_since_the_start() -> None:
    event = Event(183.4, "page", "Burn: It burns.")

    assert "+ 1:23  page      Burn: It burns." == text(view.event_line(event, 100.0)).strip()


def test_a_long_event_wraps_below_its_own_beginning() -> None:
    first, second = text(view.story([Event(183.4, "fault", "word " * 20)], 100.0)).splitlines()

    assert first.index("word") == second.index("word")


def test_the_books_are_told_in_words() -> None:
    books = Audit(acknowledged=11, stored=10, dead_letters=1, lost=0, counted_twice=0)

    assert "11 records acknowledged to the meters, 10 stored and 1 dead letters: 0 lost, 0 counted twice" == " ".join(
        text(view.books_line(books)).split()
    )

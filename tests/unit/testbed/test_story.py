"""A story tells what happened in order, and finds what must not happen."""

from __future__ import annotations

from gridobs.testbed.http_api import ActiveAlert
from gridobs.testbed.story import Event, Story
from gridobs.testbed.webhook import Delivery

PAGES = frozenset({"BrokerBurn"})


def alert(name: str, state: str) -> ActiveAlert:
    return ActiveAlert(name=name, severity="page", slo=None, state=state)


def delivery(name: str, status: str, *, severity: str = "page") -> Delivery:
    return Delivery(at=7.0, status=status, name=name, severity=severity, summary="It burns.")


def test_the_expected_page_delivered_and_resolved_is_no_problem() -> None:
    story = Story(PAGES)
    story.hear(delivery("BrokerBurn", "firing"))
    still_firing = story.firing
    story.hear(delivery("BrokerBurn", "resolved"))

    assert ["BrokerBurn"] == still_firing
    assert ([], [], []) == (story.missing, story.firing, story.problems)
    assert [
        Event(7.0, "page", "BrokerBurn: It burns."),
        Event(7.0, "resolved", "BrokerBurn: It burns."),
    ] == story.events


def test_a_page_nobody_expects_is_a_problem() -> None:
    story = Story(PAGES)
    story.hear(delivery("DiskBurn", "firing"))

    assert ["not expected: DiskBurn (page), firing"] == story.problems
    assert ["BrokerBurn"] == story.missing


def test_a_ticket_where_a_page_is_expected_is_a_problem() -> None:
    story = Story(PAGES)
    story.hear(delivery("BrokerBurn", "firing", severity="ticket"))

    assert ["not expected: BrokerBurn (ticket), firing"] == story.problems


def test_a_ticket_that_may_come_besides_is_no_problem_and_a_page_of_its_name_is() -> None:
    story = Story(PAGES, {"BrokerDown"})
    story.hear(delivery("BrokerDown", "firing", severity="ticket"))
    assert ([], sorted(PAGES)) == (story.problems, story.missing)

    story.hear(delivery("BrokerDown", "firing"))
    assert ["not expected: BrokerDown (page), firing"] == story.problems


def test_an_alert_that_comes_back_is_firing_again() -> None:
    story = Story(PAGES)
    for status in ("firing", "resolved", "firing"):
        story.hear(delivery("BrokerBurn", status))

    assert ["BrokerBurn"] == story.firing


def test_pending_is_told_each_time_an_alert_becomes_it() -> None:
    story = Story(PAGES)
    story.tell(0.0, "steady", "")
    for at, alerts in enumerate(
        [
            [alert("BrokerBurn", "pending")],
            [alert("BrokerBurn", "pending")],
            [],
            [alert("BrokerBurn", "pending")],
            [alert("BrokerBurn", "firing")],
        ]
    ):
        story.see(alerts, at=float(at))

    assert [(0.0, "pending"), (3.0, "pending")] == [(event.at, event.what) for event in story.events[1:]]


def test_what_was_pending_before_the_story_begins_is_not_told() -> None:
    story = Story(PAGES)
    story.see([alert("BrokerBurn", "pending")], at=0.0)
    story.tell(1.0, "steady", "")
    story.see([alert("BrokerBurn", "pending")], at=2.0)

    assert ["steady"] == [event.what for event in story.events]

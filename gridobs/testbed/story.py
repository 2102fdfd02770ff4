"""What came of a fault, told as it happens, and what of it is not as it must be. Knows no clock and no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs.conventions import SEVERITY_PAGE, SEVERITY_TICKET
from gridobs.testbed.http_api import FIRING, PENDING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from gridobs.testbed.http_api import ActiveAlert
    from gridobs.testbed.webhook import Delivery


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the story; ``at`` is Unix seconds."""

    at: float
    what: str
    detail: str = ""


class Story:
    """Events in the order they were learnt of, and problems: whatever was delivered that was not expected."""

    def __init__(self, pages: AbstractSet[str], tickets: AbstractSet[str] = frozenset()) -> None:
        """Begin a story.

        Args:
            pages: the alerts that must be delivered with severity page.
            tickets: those that may come besides, with severity ticket.
        """
        self._pages = pages
        self._expected = {(name, SEVERITY_PAGE) for name in pages} | {(name, SEVERITY_TICKET) for name in tickets}
        self._states: dict[str, str] = {}
        self._active: AbstractSet[tuple[str, str]] = frozenset()
        self.events: list[Event] = []
        self.problems: list[str] = []

    @property
    def missing(self) -> list[str]:
        """The expected pages that were never delivered."""
        return sorted(self._pages - self._states.keys())

    @property
    def firing(self) -> list[str]:
        """What was delivered and not resolved since."""
        return sorted(name for name, status in self._states.items() if status == FIRING)

    def tell(self, at: float, what: str, detail: str) -> None:
        self.events.append(Event(at, what, detail))

    def see(self, alerts: Iterable[ActiveAlert], *, at: float) -> None:
        """Take in all alerts that Prometheus holds now; tells of those that have become pending.

        What is pending before the first event is no part of the story: a Prometheus that has just started.
        """
        active = {(alert.name, alert.severity): alert.state for alert in alerts}
        for name, severity in sorted(active.keys() - self._active):
            if self.events and active[name, severity] == PENDING:
                self.tell(at, PENDING, f"{name} ({severity})")
        self._active = active.keys()

    def hear(self, delivery: Delivery) -> None:
        """Take in what was delivered to the pager."""
        self._states[delivery.name] = delivery.status
        what = delivery.severity if delivery.status == FIRING else delivery.status
        self.tell(delivery.at, what, f"{delivery.name}: {delivery.summary}")
        if (delivery.name, delivery.severity) not in self._expected:
            self.problems.append(f"not expected: {delivery.name} ({delivery.severity}), {delivery.status}")

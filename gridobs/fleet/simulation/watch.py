"""Looking at a running simulation again and again, and remembering the most of everything."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.errors import ServerError
from gridobs.fleet.simulation.measurement import resident_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gridobs.fleet.simulation.station import Station

FIRING = "firing"
UP = f'up{{job="{names.JOB_EDGE}"}}'
_COUNTED = " or ".join(
    names.leveled(names.SCOPE_FLEET, metric) for metric in (names.HUB_SLO_SITES, names.SITES_REACHABLE)
)


class Watch:
    """What was seen of the hub up to the last look.

    Attributes:
        up: how many sites are.
        dark: the sites that are not.
        was_dark: those that ever were, since the fault.
        firing: the most alerts that fired at a time, by name.
        rss: the most memory the hub had.
        dark_at: when all that must be dark were known to be; None before.
        back_at: when all were up again after the fault; None before.
        stale: the most sites an aggregate counted beyond those alive.
    """

    def __init__(self, station: Station, *, clock: Callable[[], float]) -> None:
        self._station, self._clock = station, clock
        self.up = 0
        self.dark: frozenset[str] = frozenset()
        self.was_dark: frozenset[str] = frozenset()
        self.firing: Counter[str] = Counter()
        self.rss = 0
        self.dark_at: float | None = None
        self.back_at: float | None = None
        self.stale: int | None = None
        self.notifications = 0
        self._told_before = 0
        self._expected: frozenset[str] = frozenset()
        self._stays = False
        self._lifted_at: float | None = None
        self._settled = station.settings.settled_within

    def expect_dark(self, sites: frozenset[str], *, stays: bool) -> None:
        """The fault was made just now; these are to be dark, all at a time if it ``stays``."""
        self.was_dark, self._expected, self._stays = frozenset(), sites, stays

    def expect_back(self) -> None:
        """The fault was lifted just now."""
        self._lifted_at = self._clock()

    def forget_notifications(self) -> None:
        """What was told until now is no part of the story."""
        self._told_before = len(self._station.webhook.notifications())

    @property
    def is_timing(self) -> bool:
        """Whether something is awaited whose time is to be told: sites that come up, go dark, or come back."""
        if self._lifted_at is not None:
            return self.back_at is None
        if self._expected:
            return self.dark_at is None
        return self.up < len(self._station.fleet.watched)

    def look(self) -> None:
        """Look once. A hub that does not answer is looked at again the next time."""
        now = self._clock()
        self._station.check()
        self.rss = max(self.rss, resident_bytes(self._station.hub_pid))
        self.notifications = sum(self.notified().values())
        try:
            rows = self._station.prometheus.query(f"{UP} == 0")
            up = self._station.prometheus.query(f"sum({UP})")
            firing = self._station.prometheus.query(f'count by (alertname) (ALERTS{{alertstate="{FIRING}"}})')
            counted = self._station.prometheus.query(_COUNTED) if self._dark_is_settled(now) else []
        except ServerError:
            return
        self.up = int(up[0].value) if up else 0
        self.dark = frozenset(row.labels[names.LABEL_SITE] for row in rows)
        self.was_dark |= self.dark
        for row in firing:
            name = row.labels["alertname"]
            self.firing[name] = max(self.firing[name], int(row.value))
        self._note_times()
        if counted:
            alive = len(self._station.fleet.watched) - len(self._expected)
            beyond = max(int(row.value) for row in counted) - alive
            self.stale = max(self.stale or 0, beyond)

    def notified(self) -> Mapping[tuple[str, ...], int]:
        """How many messages said that something fires, by the names in them; the watchdog's are not counted."""
        found = Counter(
            one.names for one in self._station.webhook.notifications()[self._told_before :] if one.status == FIRING
        )
        found.pop((names.HUB_ALERT_WATCHDOG,), None)
        return found

    @property
    def missing(self) -> int:
        """How many of the sites that must be dark were never known to be."""
        return len(self._expected - self.was_dark)

    def _note_times(self) -> None:
        now = self._clock()
        if not self._expected:
            return
        if self._lifted_at is None:
            if self.dark_at is None and self._expected <= (self.dark if self._stays else self.was_dark):
                self.dark_at = now
        elif self.back_at is None and not self.dark and self.up == len(self._station.fleet.watched):
            self.back_at = now

    def _dark_is_settled(self, now: float) -> bool:
        return (
            self._stays
            and self._lifted_at is None
            and self.dark_at is not None
            and (now > self.dark_at + self._settled)
        )

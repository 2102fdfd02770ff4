"""What is known of the broker from ``$SYS``, and when to stop believing it. Pure: every time is a parameter.

Mosquitto publishes a topic only when its value changes, so the age of a value says nothing; ``uptime`` alone comes at
every interval and is the heartbeat of them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gridobs_exporters.mqtt.tables.mosquitto import (
    BRIDGES_FILTER,
    HEARTBEAT_TOPIC,
    ROWS,
    VERSION_TOPIC,
    Row,
    bridge_of,
    parse_bridge_state,
    parse_version,
)
from gridobs_exporters.names import mqtt as names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridobs_exporters.metric import Samples

MOST_BRIDGES = 100  # of one broker; their names are not ours, so something must bound them
HEARTBEATS_MISSED = 3  # intervals without a heartbeat after which nothing the broker said is believed


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerFacts:
    """What the broker said of itself, believed at one moment."""

    version: str | None
    values: Mapping[str, float]
    bridges: Mapping[str, bool]

    def add_to(self, samples: Samples, broker: str) -> None:
        """What was not said has no series."""
        if self.version is not None:
            samples.add(names.BROKER_INFO, 1, broker, self.version)
        for row in ROWS:
            if (value := self.values.get(row.topic)) is not None:
                samples.add(row.metric, value, broker)
        for bridge, up in sorted(self.bridges.items()):
            samples.add(names.BRIDGE_UP, up, broker, bridge)


@dataclass(slots=True, kw_only=True)
class BrokerState:
    """Fed by one connection after another. ``sys_interval`` is the broker's, in seconds."""

    sys_interval: float
    last_heartbeat_wall: float = 0.0
    unparseable: dict[str, int] = field(default_factory=dict)
    _rows: Mapping[str, Row] = field(default_factory=lambda: {row.topic: row for row in ROWS})
    _since: float | None = None
    _beat_at: float | None = None
    _version: str | None = None
    _values: dict[str, float] = field(default_factory=dict)
    _bridges: dict[str, bool] = field(default_factory=dict)

    def connected(self, *, monotonic: float) -> None:
        """A broker let us in; what another connection said before is void."""
        self._forget()
        self._since = monotonic

    def disconnected(self) -> None:
        self._forget()
        self._since = None

    def message(self, topic: str, payload: bytes, *, retained: bool, wall: float, monotonic: float) -> bool:
        """Take in one message; False if its payload could not be read.

        A retained ``uptime`` may be old, so it opens the window in which a live one must follow but is no heartbeat.
        """
        bridge = bridge_of(topic)
        try:
            if topic == VERSION_TOPIC:
                self._version = parse_version(payload)
                return True
            if bridge is not None:
                up = parse_bridge_state(payload)
                if bridge in self._bridges or len(self._bridges) < MOST_BRIDGES:
                    self._bridges[bridge] = up
                return True
            if (row := self._rows.get(topic)) is None:
                return True
            value = row.parse(payload)
        except ValueError:
            self._values.pop(topic, None)
            self._bridges.pop(bridge or "", None)
            if topic == VERSION_TOPIC:
                self._version = None
            source = BRIDGES_FILTER if bridge is not None else topic
            self.unparseable[source] = self.unparseable.get(source, 0) + 1
            return False
        if topic == HEARTBEAT_TOPIC:
            if value < self._values.get(topic, 0.0):  # restarted behind a proxy: the rest is from before
                self._values.clear()
                self._bridges.clear()
            self._beat_at = monotonic
            if not retained:
                self.last_heartbeat_wall = wall
        self._values[topic] = value
        return True

    def is_silent(self, *, monotonic: float) -> bool:
        """Whether we are connected and a heartbeat is overdue."""
        return self._since is not None and self._overdue(self._beat_at or self._since, monotonic)

    def facts(self, *, monotonic: float) -> BrokerFacts | None:
        """What may be shown at ``monotonic``; None if disconnected or the heartbeat is missing."""
        if self._beat_at is None or self._overdue(self._beat_at, monotonic):
            return None
        return BrokerFacts(version=self._version, values=dict(self._values), bridges=dict(self._bridges))

    def _overdue(self, since: float, now: float) -> bool:
        return now - since > HEARTBEATS_MISSED * self.sys_interval

    def _forget(self) -> None:
        self._beat_at = None
        self._version = None
        self._values.clear()
        self._bridges.clear()

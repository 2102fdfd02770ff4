"""Where a broker says something of itself: its ``$SYS`` topics or a statistics page."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paho.mqtt.client import MQTTMessage

    from gridobs_exporters.metric import Samples


class Source(ABC):
    """Believed only while the monitor is connected; told of that, and of messages, by the monitor's thread."""

    topics: Sequence[str] = ()

    def start(self) -> None:  # noqa: B027 - most have nothing in the background
        """Start what runs in the background."""

    def stop(self) -> None:  # noqa: B027 - as above
        """End it."""

    @abstractmethod
    def connected(self) -> None:
        """The broker let the monitor in; what was said before is void."""

    @abstractmethod
    def disconnected(self) -> None:
        """It is gone; what it said is void."""

    def message(self, message: MQTTMessage) -> None:  # noqa: B027 - only for sources with topics
        """A message on one of ``topics`` came."""

    @abstractmethod
    def add_to(self, samples: Samples, broker: str) -> bool:
        """Add what may be believed now; whether that is anything."""

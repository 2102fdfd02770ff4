"""Why the broker says no to our clients, counted by packet and reason code."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from gridobs_exporters.mqtt.target import reason_name
from gridobs_exporters.names import mqtt as names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridobs_exporters.metric import Samples

Told = Callable[[ReasonCode], None]  # told each answer of the broker

# What is there at 0 from the start, so that an increase is seen the first time. The other codes of MQTT 5 (table 2-6)
# come when they are met: at most 43 a packet.
_EXPECTED: Mapping[int, Sequence[int]] = {
    PacketTypes.CONNACK: (0x86, 0x87, 0x88, 0x89, 0x97, 0x9F),
    PacketTypes.SUBACK: (0x80, 0x87, 0x97),
    PacketTypes.PUBACK: (0x10, 0x87, 0x97),
    PacketTypes.DISCONNECT: (0x8B, 0x8D, 0x8E, 0x98),
}
_PACKETS = {
    "monitor": (PacketTypes.CONNACK, PacketTypes.SUBACK, PacketTypes.DISCONNECT),
    "probe": (PacketTypes.CONNACK, PacketTypes.SUBACK, PacketTypes.PUBACK, PacketTypes.DISCONNECT),
}


class Reasons:
    """Counts every reason but success and granted QoS. ``client`` is ``monitor`` or ``probe``."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._lock = threading.Lock()
        for client, packets in _PACKETS.items():
            for packet in packets:
                for value in _EXPECTED[packet]:
                    self._counts[_key(client, ReasonCode(packet, identifier=value))] = 0

    def count(self, client: str, code: ReasonCode) -> None:
        if code.value > 2:  # noqa: PLR2004 - 0 to 2 are success and the QoS granted
            with self._lock:
                self._counts[_key(client, code)] += 1

    def add_to(self, samples: Samples, broker: str) -> None:
        with self._lock:
            counts = sorted(self._counts.items())
        for labels, times in counts:
            samples.add(names.REASON_CODES, times, broker, *labels)


def _key(client: str, code: ReasonCode) -> tuple[str, str, str]:
    return client, PacketTypes.Names[code.packetType].upper(), reason_name(code)

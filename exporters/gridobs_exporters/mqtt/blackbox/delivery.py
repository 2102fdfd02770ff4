"""Messages to ourselves at one QoS: which came back, how often, in which order and when."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from gridobs_exporters.mqtt.blackbox.module import TIMEOUT, StepError
from gridobs_exporters.mqtt.target import reason_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gridobs_exporters.mqtt.blackbox.link import Link
    from gridobs_exporters.mqtt.blackbox.visit import Visit

_GRACE = 0.5  # seconds a straggler gets after the message that should have come last


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts of messages, and each that came back with the seconds it took, by its number."""

    sent: int
    duplicated: int
    reordered: int
    roundtrips: Mapping[int, float]

    @property
    def lost(self) -> int:
        return self.sent - len(self.roundtrips)

    @property
    def median(self) -> float | None:
        return median(self.roundtrips.values()) if self.roundtrips else None

    @property
    def worst(self) -> float | None:
        return max(self.roundtrips.values(), default=None)

    def broken(self, qos: int) -> str | None:
        """What MQTT promises at this QoS and was not kept."""
        if not self.roundtrips:
            return TIMEOUT
        if self.lost and qos:
            return "messages lost"
        if self.duplicated and qos != 1:
            return "messages duplicated"
        return "messages reordered" if self.reordered else None


def tally(sent: Mapping[int, float], arrived: Iterable[tuple[int, float]]) -> Tally:
    """``sent`` has the time of each message by its number, ``arrived`` number and time of each delivery, in order.

    A message is reordered if one with a higher number came before it. Deliveries after the first are duplicates and
    say nothing about the order: MQTT lets a sender repeat what it is not sure of.
    """
    times: Counter[int] = Counter()
    roundtrips: dict[int, float] = {}
    reordered, newest = 0, -1
    for number, at in arrived:
        if number not in sent:
            continue
        times[number] += 1
        if times[number] > 1:
            continue
        roundtrips[number] = at - sent[number]
        reordered += number < newest
        newest = max(newest, number)
    return Tally(sent=len(sent), duplicated=times.total() - len(times), reordered=reordered, roundtrips=roundtrips)


class Round:
    """The messages of one QoS. They follow each other at once; one more after them tells that all had their turn."""

    def __init__(self, visit: Visit, link: Link, qos: int) -> None:
        self._visit = visit
        self._link = link
        self._qos = qos
        self._topic = f"{visit.topic}/{qos}"
        self._sent: dict[int, float] = {}
        self._numbers = {self._payload(number): number for number in range(visit.module.messages + 1)}
        self._packets: list[int] = []

    def run(self) -> None:
        """Publish, and wait for what comes back; ``tally`` has what did, also if this fails.

        Raises:
            StepError: If the broker refuses, falls silent or goes.
        """
        visit, link, last = self._visit, self._link, self._visit.module.messages
        most = visit.admitted(link).capabilities["maximum_qos"]
        if self._qos > most:
            raise StepError(f"qos{self._qos}", f"the broker says it takes QoS {most:.0f} at most")
        began = visit.now()
        visit.subscribe(link, self._topic, qos=self._qos)
        visit.phases.setdefault("suback", visit.now() - began)
        for payload, number in self._numbers.items():
            if self._qos:
                visit.room(link, self._packets)
            if number < last:
                self._sent[number] = visit.now()
            self._packets.append(link.publish(self._topic, payload, qos=self._qos))
        try:
            visit.until("deliver", self._settled, link)
        except StepError as problem:
            may_be_lost = not self._qos and problem.reason == TIMEOUT
            if not (may_be_lost and self._arrived()):
                raise
        if self._qos:
            for packet in self._packets:
                visit.acknowledged(link, packet)

    def tally(self) -> Tally:
        return tally(self._sent, self._arrived())

    def first_phases(self) -> dict[str, float]:
        """What the first message took, as far as it came."""
        phases = {}
        sent = self._sent.get(0)
        if sent is not None and self._qos and (ack := self._link.acknowledged.get(self._packets[0])):
            phases["puback"] = ack[0] - sent
        if (roundtrip := self.tally().roundtrips.get(0)) is not None:
            phases["deliver"] = roundtrip
        return phases

    def _settled(self) -> bool:
        """All came, and so did the one after them; or stragglers had their time."""
        arrived = list(self._arrived())
        there = {number for number, _ in arrived}
        last = self._visit.module.messages
        complete, over = len(there - {last}) == last, last in there
        if complete and over:
            return True
        for packet in self._packets:
            if (acknowledged := self._link.acknowledged.get(packet)) and acknowledged[1].is_failure:
                raise StepError("puback", reason_name(acknowledged[1]))
        return (complete or over) and self._visit.now() - arrived[-1][1] >= _GRACE

    def _arrived(self) -> list[tuple[int, float]]:
        return [
            (self._numbers[delivery.payload], delivery.at)
            for delivery in self._link.deliveries
            if delivery.topic == self._topic and delivery.payload in self._numbers
        ]

    def _payload(self, number: int) -> bytes:
        return f"{self._visit.nonce} {self._qos} {number}".encode()

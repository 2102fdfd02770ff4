"""Each message to a shared subscription goes to exactly one of its members."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gridobs_exporters.mqtt.blackbox.module import StepError

if TYPE_CHECKING:
    from gridobs_exporters.mqtt.blackbox.link import Link
    from gridobs_exporters.mqtt.blackbox.visit import Visit

_STEP = "shared_subscription"
_MEMBERS = 2


def check(visit: Visit, link: Link) -> None:
    """Send to a group of two, and count. Which of them gets a message is the broker's choice.

    Raises:
        StepError: If the broker cannot do it or does it wrong.
    """
    if visit.admitted(link).capabilities["shared_subscription_available"] == 0:
        raise StepError(_STEP, "the broker says it has no shared subscriptions")
    topic, end = f"{visit.topic}/shared", f"{visit.topic}/shared-end"
    members = [visit.open() for _ in range(_MEMBERS)]
    for member in members:
        visit.admitted(member)
        visit.subscribe(member, f"$share/{visit.nonce}/{topic}", qos=1)
        visit.subscribe(member, end, qos=1)
    sent = {f"{visit.nonce} shared {number}".encode() for number in range(visit.module.messages)}
    for payload in sorted(sent):
        visit.publish(link, topic, payload, qos=1)

    def came() -> Counter[bytes]:
        return Counter(one.payload for member in members for one in member.deliveries if one.topic == topic)

    visit.until(_STEP, lambda: sent <= came().keys(), *members)
    visit.publish(link, end, b"end", qos=1)  # a second delivery of what came before would come before it
    visit.until(
        _STEP, lambda: all(any(one.topic == end for one in member.deliveries) for member in members), *members
    )
    if any(times > 1 for times in came().values()):
        raise StepError(_STEP, "a message came to more than one member, or twice")
    for member in members:
        visit.leave(member)

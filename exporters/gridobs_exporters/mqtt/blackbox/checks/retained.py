"""A retained message is given to who subscribes later, and is gone once it is cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs_exporters.mqtt.blackbox.module import StepError

if TYPE_CHECKING:
    from gridobs_exporters.mqtt.blackbox.link import Link
    from gridobs_exporters.mqtt.blackbox.visit import Visit

_STEP = "retained"
_KEPT_FOR = 60  # seconds; the broker drops what we could not clear


def check(visit: Visit, link: Link) -> None:
    """Set, get, clear, look again.

    Raises:
        StepError: If the broker cannot do it or does it wrong.
    """
    if visit.admitted(link).capabilities["retain_available"] == 0:
        raise StepError(_STEP, "the broker says it retains nothing")
    topic = f"{visit.topic}/retained"
    kept, marker = f"{visit.nonce} kept".encode(), f"{visit.nonce} marker".encode()
    try:
        visit.publish(link, topic, kept, qos=1, retain_for=_KEPT_FOR)
        visit.subscribe(link, topic, qos=1)
        visit.until(_STEP, lambda: any(one.payload == kept and one.retained for one in link.deliveries), link)
    except StepError:
        link.publish(topic, b"", qos=0, retain_for=0)
        raise
    link.unsubscribe(topic)
    visit.publish(link, topic, b"", qos=1, retain_for=0)
    seen = len(link.deliveries)
    visit.subscribe(link, topic, qos=1)
    visit.publish(link, topic, marker, qos=1)  # what is retained comes before it
    visit.until(_STEP, lambda: any(one.payload == marker for one in link.deliveries), link)
    if any(one.topic == topic and one.retained for one in link.deliveries[seen:]):
        raise StepError(_STEP, "still there after it was cleared")

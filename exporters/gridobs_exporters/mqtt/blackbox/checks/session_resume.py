"""A client that was away for a moment gets back its session, and what was sent to it meanwhile."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gridobs_exporters.mqtt.blackbox.module import StepError

if TYPE_CHECKING:
    from gridobs_exporters.mqtt.blackbox.link import Link
    from gridobs_exporters.mqtt.blackbox.visit import Visit

_STEP = "session_resume"
_EXPIRY = 60  # seconds; the broker drops the session then, should we not come back


def check(visit: Visit, link: Link) -> None:
    """Leave a session, send to it, come back to it, and end it.

    Raises:
        StepError: If the broker cannot do it or does it wrong.
    """
    client_id = f"gridobs-blackbox-session-{visit.nonce}"
    try:
        _resume(visit, link, client_id)
    except StepError:
        with suppress(StepError), visit.last_moments():
            visit.leave(visit.open(client_id=client_id))
        raise


def _resume(visit: Visit, link: Link, client_id: str) -> None:
    topic, payload = f"{visit.topic}/session", f"{visit.nonce} queued".encode()
    first = visit.open(client_id=client_id, session_expiry=_EXPIRY)
    if visit.admitted(first).capabilities["session_expiry_seconds"] == 0:
        raise StepError(_STEP, "the broker says it keeps no session")
    visit.subscribe(first, topic, qos=1)
    visit.leave(first)
    visit.publish(link, topic, payload, qos=1)
    second = visit.open(client_id=client_id, clean_start=False)
    if not visit.admitted(second).session_present:
        raise StepError(_STEP, "the session was not there")
    visit.until(_STEP, lambda: any(one.payload == payload for one in second.deliveries), second)
    visit.leave(second)  # and as it came with an expiry of 0, the session with it
    third = visit.open(client_id=client_id, clean_start=False)
    if visit.admitted(third).session_present:
        raise StepError(_STEP, "the session was still there after it expired")
    visit.leave(third)

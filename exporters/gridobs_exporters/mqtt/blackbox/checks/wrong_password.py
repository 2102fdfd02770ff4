"""Our own name with a wrong password must not be let in."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from gridobs_exporters.mqtt.blackbox.module import NOT_MQTT, TIMEOUT, StepError
from gridobs_exporters.mqtt.target import reason_name

if TYPE_CHECKING:
    from gridobs_exporters.mqtt.blackbox.link import Link
    from gridobs_exporters.mqtt.blackbox.visit import Visit

NAME = "wrong_password"
ACCEPTED = "the broker let a wrong password in"
_REFUSALS = (0x86, 0x87)  # bad user name or password, not authorised; others say nothing of the password


def check(visit: Visit, _link: Link) -> None:
    """Knock with a password nobody has.

    A broker may close the connection in place of an answer (MQTT 5, 3.1.4); since it let us in before, that is a
    refusal.

    Raises:
        StepError: With ``ACCEPTED`` as its reason if it is let in; else if it is refused for another reason, or
            nothing comes.
    """
    name = visit.module.username or f"gridobs-{visit.nonce}"
    try:
        link = visit.open(login=(name, secrets.token_urlsafe(16)))
    except StepError as problem:
        if problem.step != "connack" or problem.reason in (TIMEOUT, NOT_MQTT):
            raise
        return
    reason = link.connack.reason if link.connack else None
    visit.leave(link)
    if reason is None or not reason.is_failure:
        raise StepError(NAME, ACCEPTED)
    if reason.value not in _REFUSALS:
        raise StepError(NAME, reason_name(reason))

"""What a broker can be asked to do besides taking and delivering messages: one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs_exporters.mqtt.blackbox.checks import retained, session_resume, shared_subscription, wrong_password

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gridobs_exporters.mqtt.blackbox.link import Link
    from gridobs_exporters.mqtt.blackbox.visit import Visit

    Check = Callable[[Visit, Link], None]  # raises StepError if it does not pass

CHECKS: Mapping[str, Check] = {
    "retained": retained.check,
    "session_resume": session_resume.check,
    "shared_subscription": shared_subscription.check,
    wrong_password.NAME: wrong_password.check,
}

"""One probe from name to good-bye."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from gridobs_exporters.mqtt.blackbox.checks import CHECKS
from gridobs_exporters.mqtt.blackbox.delivery import Round
from gridobs_exporters.mqtt.blackbox.findings import Findings
from gridobs_exporters.mqtt.blackbox.module import StepError
from gridobs_exporters.mqtt.blackbox.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.mqtt.blackbox.allow import Target
    from gridobs_exporters.mqtt.blackbox.link import Link
    from gridobs_exporters.mqtt.blackbox.module import Module

log = logging.getLogger(__name__)

_FOR_WORK = 0.9  # share of the time; the rest is for leaving nothing behind
_FOR_STEP = 0.5  # share of what is left that one step may use while others wait


def probe(target: Target, module: Module, *, timeout: float, clock: Clock) -> Findings:
    """What a visit finds within ``timeout`` seconds. Never raises: what went wrong is in the findings."""
    findings = Findings()
    visit = Visit(target, module, clock=clock, deadline=clock.monotonic() + timeout)
    findings.phases = visit.phases
    try:
        with visit.at_most(_FOR_WORK):
            link = visit.enter()
            if link.connack:
                findings.connack_reason = link.connack.reason.value
            findings.capabilities = visit.admitted(link).capabilities
            _work(visit, link, findings)
    except StepError as problem:
        findings.failures[problem.step] = problem.reason
    except Exception:  # the page must come; what a peer sends ends in StepError, so this is ours
        log.exception("probe of %s", target)
        findings.failures["exporter"] = "a defect; its log has more"
    finally:
        visit.close()
        findings.address, findings.tls = visit.address, visit.tls
    return findings


def _work(visit: Visit, link: Link, findings: Findings) -> None:
    """Try everything the module asks for; what fails costs no other step its turn."""
    steps: list[tuple[str, Callable[[], None]]] = [
        *((f"qos{qos}", partial(_round, visit, link, qos, findings)) for qos in visit.module.qos),
        *((name, partial(CHECKS[name], visit, link)) for name in visit.module.checks),
    ]
    for index, (name, step) in enumerate(steps, start=1):
        try:
            with visit.at_most(1 if index == len(steps) else _FOR_STEP):
                step()
        except StepError as problem:
            findings.failures[name] = problem.reason if problem.step == name else str(problem)
        if name in CHECKS:
            findings.checks[name] = findings.failures.get(name)


def _round(visit: Visit, link: Link, qos: int, findings: Findings) -> None:
    one = Round(visit, link, qos)
    try:
        one.run()
    finally:
        found = one.tally()
        if found.sent:
            findings.tallies[qos] = found
        for phase, seconds in one.first_phases().items():
            visit.phases.setdefault(phase, seconds)
    if broken := found.broken(qos):
        raise StepError(f"qos{qos}", broken)

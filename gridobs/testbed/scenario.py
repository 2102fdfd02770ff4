"""A fault, the alerts it must raise and none beside them, and the story told as it happens."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.testbed import faults
from gridobs.testbed.http_api import FIRING, PENDING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from collections.abc import Set as AbstractSet

    from gridobs.testbed.substation import Substation

READY_SECONDS = 60.0
_WARM_UP_SECONDS = 15.0
_DELIVERY_SECONDS = 240.0
_RESOLVE_SECONDS = 600.0
_AFTERMATH_SECONDS = 15.0
_POLL_SECONDS = 0.5


class ScenarioName(StrEnum):
    BROKER_OUTAGE = "broker-outage"
    SLOW_PROCESSOR = "slow-processor"
    CORRUPT_DATA = "corrupt-data"
    PROCESSOR_CRASH = "processor-crash"
    DISK_FULL = "disk-full"


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is done, and what must be heard of it.

    Attributes:
        fault: made anew for each run.
        pages: the alerts that must be delivered with severity page, all of them and no others.
        why: one sentence for the reader.
    """

    name: ScenarioName
    fault: Callable[[], faults.Fault]
    pages: frozenset[str]
    why: str


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        ScenarioName.BROKER_OUTAGE,
        faults.BrokerOutage,
        frozenset({names.burn_alert("mqtt-availability")}),
        "probes fail at every QoS, so the broker's budget burns",
    ),
    Scenario(
        ScenarioName.SLOW_PROCESSOR,
        faults.SlowProcessor,
        frozenset({names.burn_alert("power-latency-p999")}),
        "commits wait for a lock, so more than 0.1 % take over 50 ms",
    ),
    Scenario(
        ScenarioName.CORRUPT_DATA,
        faults.CorruptData,
        frozenset({names.burn_alert("power-accuracy")}),
        "samples fail their checksum and are kept as dead letters",
    ),
    Scenario(
        ScenarioName.PROCESSOR_CRASH,
        faults.ProcessorCrash,
        frozenset({names.ALERT_PROCESSOR_DOWN}),
        "nothing is processed; the broker keeps every record until the processor is back",
    ),
    Scenario(
        ScenarioName.DISK_FULL,
        faults.DiskFull,
        frozenset({names.ALERT_STORE_WRITE_FAILING}),
        "nothing can be committed, so nothing is acknowledged and the broker keeps it",
    ),
)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the story; ``at`` is Unix seconds."""

    at: float
    what: str
    detail: str = ""


class Director:
    """Runs one scenario on a running substation, step by step, so that a view can be drawn between the steps."""

    def __init__(self, substation: Substation, scenario: Scenario, *, clock: Callable[[], float]) -> None:
        self._substation, self._scenario, self._clock = substation, scenario, clock
        self._states: dict[str, str] = {}
        self._read = 0
        self._active: AbstractSet[tuple[str, str]] = frozenset()
        self.events: list[Event] = []
        self.problems: list[str] = []

    def steps(self) -> Iterator[None]:
        """Do it; yields about twice a second until all is over."""
        scenario, substation = self._scenario, self._substation
        yield from self._wait(self._all_complete, READY_SECONDS)
        self._tell("steady", "every objective has a value")
        yield from self._wait(lambda: False, _WARM_UP_SECONDS)
        fault = scenario.fault()
        self._tell("fault", fault.inject(substation))
        if not (yield from self._wait(lambda: scenario.pages <= self._states.keys(), _DELIVERY_SECONDS)):
            missing = ", ".join(sorted(scenario.pages - self._states.keys()))
            self.problems.append(f"not delivered within {_DELIVERY_SECONDS:.0f} s of the fault: {missing}")
        self._tell("lifted", fault.lift(substation))
        if not (yield from self._wait(lambda: not self._firing(), _RESOLVE_SECONDS)):
            self.problems.append(
                f"not resolved within {_RESOLVE_SECONDS:.0f} s of the lifting: {', '.join(self._firing())}"
            )
        yield from self._wait(lambda: False, _AFTERMATH_SECONDS)

    def _wait(self, done: Callable[[], bool], seconds: float) -> Generator[None, None, bool]:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._substation.check()
            self._listen()
            if done():
                return True
            yield
            time.sleep(_POLL_SECONDS)
        return False

    def _all_complete(self) -> bool:
        return all(row.complete for row in self._substation.status())

    def _firing(self) -> list[str]:
        return sorted(name for name, status in self._states.items() if status == FIRING)

    def _listen(self) -> None:
        active = {(alert.name, alert.severity): alert.state for alert in self._substation.prometheus.alerts()}
        for alert in sorted(active.keys() - self._active):
            if active[alert] == PENDING:
                self._tell(PENDING, f"{alert[0]} ({alert[1]})")
        self._active = active.keys()
        deliveries = self._substation.webhook.deliveries()
        for delivery in deliveries[self._read :]:
            self._states[delivery.name] = delivery.status
            what = delivery.severity if delivery.status == FIRING else delivery.status
            self.events.append(Event(delivery.at, what, f"{delivery.name}: {delivery.summary}"))
            if delivery.name not in self._scenario.pages or delivery.severity != names.SEVERITY_PAGE:
                self.problems.append(f"not expected: {delivery.name} ({delivery.severity}), {delivery.status}")
        self._read = len(deliveries)

    def _tell(self, what: str, detail: str) -> None:
        self.events.append(Event(self._clock(), what, detail))

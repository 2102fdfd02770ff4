"""A fault, the alerts it must raise and none beside them, and the story told as it happens."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.testbed import faults
from gridobs.testbed.story import Story

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

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
        why: what follows from it, for the reader.
        tickets: those that may come besides with severity ticket, if the page takes long.
    """

    name: ScenarioName
    fault: Callable[[], faults.Fault]
    pages: frozenset[str]
    why: str
    tickets: frozenset[str] = frozenset()


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        ScenarioName.BROKER_OUTAGE,
        faults.BrokerOutage,
        frozenset({names.burn_alert("mqtt-availability")}),
        "probes fail at every QoS, so the broker's budget burns",
        frozenset({names.ALERT_MQTT_BROKER_DOWN}),
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


class Director:
    """Runs one scenario on a running substation, step by step, so that a view can be drawn between the steps."""

    def __init__(self, substation: Substation, scenario: Scenario, *, clock: Callable[[], float]) -> None:
        self._substation, self._scenario, self._clock = substation, scenario, clock
        self._read = 0
        self.story = Story(scenario.pages, scenario.tickets)

    def steps(self) -> Iterator[None]:
        """Do it; yields about twice a second until all is over."""
        story, substation = self.story, self._substation
        if not (yield from self._wait(self._all_complete, READY_SECONDS)):
            story.problems.append(
                f"not every objective had a value within {READY_SECONDS:.0f} s, so no fault was made"
            )
            return
        story.tell(self._clock(), "steady", "every objective has a value")
        yield from self._wait(lambda: False, _WARM_UP_SECONDS)
        fault = self._scenario.fault()
        story.tell(self._clock(), "fault", f"{fault.inject(substation)}: {self._scenario.why}")
        if not (yield from self._wait(lambda: not story.missing, _DELIVERY_SECONDS)):
            missing = ", ".join(story.missing)
            story.problems.append(f"not delivered within {_DELIVERY_SECONDS:.0f} s of the fault: {missing}")
        story.tell(self._clock(), "lifted", fault.lift(substation))
        if not (yield from self._wait(lambda: not story.firing, _RESOLVE_SECONDS)):
            firing = ", ".join(story.firing)
            story.problems.append(f"not resolved within {_RESOLVE_SECONDS:.0f} s of the lifting: {firing}")
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

    def _listen(self) -> None:
        self.story.see(self._substation.prometheus.alerts(), at=self._clock())
        deliveries = self._substation.webhook.deliveries()
        for delivery in deliveries[self._read :]:
            self.story.hear(delivery)
        self._read = len(deliveries)

"""The calls a processor makes, one per fact it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.instrument.catalogue import PROCESSING_LATENCY, RECORD_AGE, STAGE_DURATION, metric
from gridobs.instrument.counts import OTHER, Codes, Count
from gridobs.instrument.destination import Destination
from gridobs.instrument.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.metrics import Meter


_ALLOW, _DENY = "allow", "deny"


class PowerMetrics:
    """The ``power_*`` metrics of one processor, over one meter; every method may be called from any thread.

    Counts are made per batch and cost a fraction of a microsecond; each latency, age and stage duration costs one
    ``Histogram.record`` of the SDK. Counters exist at 0 from the start. Times are in seconds; a negative one, the
    mark of two clocks that disagree, counts as 0 so that no record is lost from a ratio.

    A ``reason`` or ``rule`` is a code such as ``disk_full``. What is not a code, and every code after the first 50 of
    its metric, is counted under ``other``. A count of 0 makes a series exist before anything happens.
    """

    def __init__(self, meter: Meter) -> None:
        from gridobs.instrument import instruments  # noqa: PLC0415 - OpenTelemetry is an extra, so it must be late

        stages = [(stage.value,) for stage in Stage]
        destinations = [(destination.value,) for destination in Destination]
        counts = {
            names.POWER_RECORDS: Count(()),
            names.POWER_RECORDS_FAILED: Count(()),
            names.POWER_STAGE_MESSAGES: Count(*stages),
            names.POWER_STAGE_ERRORS: Count(*((*stage, OTHER) for stage in stages)),
            names.POWER_VALIDATION_FAILURES: Count((OTHER,)),
            names.POWER_DEAD_LETTER_MESSAGES: Count((OTHER,)),
            names.POWER_DUPLICATES: Count(()),
            names.POWER_OUT_OF_ORDER: Count(()),
            names.POWER_SAMPLES_CHECKED: Count(()),
            names.POWER_SAMPLES_INCORRECT: Count(()),
            names.POWER_RECONNECTS: Count(()),
            names.POWER_EGRESS_BYTES: Count(*destinations),
            names.POWER_EGRESS_RECORDS: Count(*destinations),
            names.POWER_POLICY_DECISIONS: Count((OTHER, _ALLOW), (OTHER, _DENY)),
            names.POWER_LOCALISATION_DENIED: Count((OTHER,)),
        }
        for name, count in counts.items():
            instruments.counter(meter, metric(name), count)
        self._records = counts[names.POWER_RECORDS]
        self._failed = counts[names.POWER_RECORDS_FAILED]
        self._messages = counts[names.POWER_STAGE_MESSAGES]
        self._errors = counts[names.POWER_STAGE_ERRORS]
        self._invalid = counts[names.POWER_VALIDATION_FAILURES]
        self._dead = counts[names.POWER_DEAD_LETTER_MESSAGES]
        self._duplicates = counts[names.POWER_DUPLICATES]
        self._out_of_order = counts[names.POWER_OUT_OF_ORDER]
        self._checked = counts[names.POWER_SAMPLES_CHECKED]
        self._incorrect = counts[names.POWER_SAMPLES_INCORRECT]
        self._reconnects = counts[names.POWER_RECONNECTS]
        self._egress_bytes = counts[names.POWER_EGRESS_BYTES]
        self._egress_records = counts[names.POWER_EGRESS_RECORDS]
        self._decisions = counts[names.POWER_POLICY_DECISIONS]
        self._denied = counts[names.POWER_LOCALISATION_DENIED]
        self._error_reasons, self._rules, self._dead_reasons = Codes(), Codes(), Codes()
        self._policies, self._denial_reasons = Codes(), Codes()

        self._newest: float | None = None
        self._backlog: tuple[int | None, float | None] = (None, None)
        self._connected = False
        instruments.gauge(meter, metric(names.POWER_NEWEST_EVENT), lambda: self._newest)
        instruments.gauge(meter, metric(names.POWER_BACKLOG_MESSAGES), lambda: self._backlog[0])
        instruments.gauge(meter, metric(names.POWER_BACKLOG_OLDEST), lambda: self._backlog[1])
        instruments.gauge(meter, metric(names.POWER_BROKER_CONNECTED), lambda: int(self._connected))

        self._stage_key = {stage: (stage.value,) for stage in Stage}
        self._stage_attributes = {stage: {names.LABEL_STAGE: stage.value} for stage in Stage}
        self._record_duration = instruments.histogram(meter, STAGE_DURATION).record
        self._record_latency = instruments.histogram(meter, PROCESSING_LATENCY).record
        self._record_age = instruments.histogram(meter, RECORD_AGE).record

    def received(self, count: int) -> None:
        """Count records on arrival, before anything can fail: the total of the availability objective."""
        self._records.add(count)
        self._messages.add(count, self._stage_key[Stage.RECEIVE])

    def stage(self, stage: Stage, *, messages: int, seconds: float) -> None:
        """Report one batch of a stage: the messages it took in and how long it took.

        The messages of ``RECEIVE`` are counted by ``received`` alone; here only its duration is kept.
        """
        if stage is not Stage.RECEIVE:
            self._messages.add(messages, self._stage_key[stage])
        self._record_duration(0.0 if seconds < 0 else seconds, self._stage_attributes[stage])

    def stage_error(self, stage: Stage, reason: str, count: int = 1) -> None:
        self._errors.add(count, (stage.value, self._error_reasons.admit(reason)))

    def failed(self, count: int) -> None:
        """Count records whose first attempt to be stored failed, once each, however often they are tried again."""
        self._failed.add(count)

    def validation_failed(self, rule: str, count: int = 1) -> None:
        self._invalid.add(count, (self._rules.admit(rule),))

    def dead_lettered(self, reason: str, count: int = 1) -> None:
        self._dead.add(count, (self._dead_reasons.admit(reason),))

    def duplicates(self, count: int) -> None:
        self._duplicates.add(count)

    def out_of_order(self, count: int) -> None:
        self._out_of_order.add(count)

    def committed(self, *, latencies: Sequence[float], ages: Sequence[float]) -> None:
        """Report records that are stored for good.

        Args:
            latencies: Receipt to commit, on one monotonic clock.
            ages: Event time to commit, on the wall clock, in the order of ``latencies``.

        Raises:
            ValueError: The two differ in length, so a record would be good in one objective and absent in the other.
        """
        if len(latencies) != len(ages):
            raise ValueError(f"{len(latencies)} latencies but {len(ages)} ages; give one of each per record")
        record_latency, record_age = self._record_latency, self._record_age
        for seconds in latencies:
            record_latency(0.0 if seconds < 0 else seconds)
        for seconds in ages:
            record_age(0.0 if seconds < 0 else seconds)

    def samples_checked(self, checked: int, incorrect: int) -> None:
        """Report stored values that were compared with their source, and how many of these differed.

        Raises:
            ValueError: More are incorrect than were checked.
        """
        if incorrect > checked:
            raise ValueError(f"{incorrect} incorrect of {checked} checked")
        self._incorrect.add(incorrect)
        self._checked.add(checked)

    def newest_event(self, timestamp: float) -> None:
        """Report the newest event time of this batch, in unix seconds.

        The last call wins, also with an older time: one meter with a clock in the future must not hide staleness for
        good.
        """
        self._newest = timestamp

    def backlog(self, messages: int, oldest: float | None) -> None:
        """Report what is received and not yet committed.

        Args:
            messages: How many.
            oldest: When the oldest was received, in unix seconds; None removes the series until there is one again.
        """
        self._backlog = (messages, oldest)

    def broker_connected(self, *, connected: bool) -> None:
        self._connected = connected

    def reconnected(self) -> None:
        self._reconnects.add(1)

    def egress(self, destination: Destination, *, records: int, size: int) -> None:
        """Count records that were handed to a store or another program: the total of the data locality objective.

        Args:
            destination: What the address the data went to is, not what the sender meant it to be.
            records: How many.
            size: Their bytes.
        """
        self._egress_bytes.add(size, (destination.value,))
        self._egress_records.add(records, (destination.value,))

    def policy_decided(self, policy: str, *, allowed: bool, count: int = 1) -> None:
        """Count what a policy answered; ``policy`` is its path, such as ``energy/smartgrid/export``."""
        self._decisions.add(count, (self._policies.admit(policy), _ALLOW if allowed else _DENY))

    def localisation_denied(self, reason: str, records: int = 1) -> None:
        """Count records that were held back because they would have left the site."""
        self._denied.add(records, (self._denial_reasons.admit(reason),))

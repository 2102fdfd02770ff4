"""From messages to stored records, a batch at a time: validate, deduplicate, store, aggregate. Knows no network."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gridobs.instrument import Destination, PowerMetrics, Stage
from gridobs.testbed.processor.store import Batch, DeadLetter, Store, StoreError
from gridobs.testbed.processor.validation import Rejected, Rejection, validate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gridobs.testbed.reading import Reading

_LOG = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Arrival:
    """One delivery of one message.

    Attributes:
        topic: it was published on.
        payload: as received.
        received_at: Unix seconds.
        received: monotonic seconds of the same moment.
        mid: packet identifier to acknowledge it by.
        connection: counts connections; an identifier means nothing on another one.
        failed: whether an attempt to store it has failed already.
    """

    topic: str
    payload: bytes
    received_at: float
    received: float
    mid: int
    connection: int
    failed: bool = False


@dataclass(slots=True)
class _Sorted:
    fresh: list[tuple[Arrival, Reading]] = field(default_factory=list)
    rejected: list[tuple[Arrival, Rejected]] = field(default_factory=list)
    duplicates: int = 0
    seconds: dict[Stage, float] = field(default_factory=dict)


class Pipeline:
    """Stores batches and reports on every stage. Each record is counted once, redelivered or retried or not."""

    def __init__(
        self, store: Store, metrics: PowerMetrics, *, clock: Callable[[], float], stopwatch: Callable[[], float]
    ) -> None:
        self._store, self._metrics, self._clock, self._stopwatch = store, metrics, clock, stopwatch
        self._newest_seq: dict[str, int] = {}

    def process(self, arrivals: Sequence[Arrival]) -> float | None:
        """Store a batch; ``None`` if the store refused it, and then all of it must be offered again.

        Args:
            arrivals: the batch, in the order of arrival.

        Returns:
            The seconds it waited for the store's lock and disk, whatever its size.
        """
        try:
            return self._store_batch(self._sort(arrivals))
        except StoreError as error:
            _LOG.error("%d records could not be stored, will try again: %s", len(arrivals), error)
            first_time = sum(not arrival.failed for arrival in arrivals)
            self._metrics.stage_error(Stage.STORE, error.code)
            self._metrics.received(first_time)
            self._metrics.failed(first_time)
            for arrival in arrivals:
                arrival.failed = True
            return None

    def _sort(self, arrivals: Sequence[Arrival]) -> _Sorted:
        began, now = self._stopwatch(), self._clock()
        batch = _Sorted()
        valid: list[tuple[Arrival, Reading]] = []
        for arrival in arrivals:
            outcome = validate(arrival.topic, arrival.payload, now=now)
            if isinstance(outcome, Rejected):
                batch.rejected.append((arrival, outcome))
            else:
                valid.append((arrival, outcome))
        validated = self._stopwatch()

        seen = self._store.known((reading.meter, reading.seq) for _, reading in valid)
        for arrival, reading in valid:
            key = reading.meter, reading.seq
            if key in seen:
                batch.duplicates += 1
            else:
                seen.add(key)
                batch.fresh.append((arrival, reading))
        batch.seconds = {
            Stage.RECEIVE: began - arrivals[0].received,
            Stage.VALIDATE: validated - began,
            Stage.DEDUPLICATE: self._stopwatch() - validated,
        }
        return batch

    def _store_batch(self, batch: _Sorted) -> float:
        committed = self._store.commit(
            Batch(
                readings=[(reading, arrival.received_at) for arrival, reading in batch.fresh],
                dead_letters=[
                    DeadLetter(arrival.topic, arrival.payload, arrival.received_at, rejected)
                    for arrival, rejected in batch.rejected
                ],
            )
        )
        done, done_at = self._stopwatch(), self._clock()
        metrics, fresh, valid = self._metrics, batch.fresh, len(batch.fresh) + batch.duplicates
        metrics.stage(Stage.RECEIVE, messages=0, seconds=batch.seconds[Stage.RECEIVE])  # received() counts them
        metrics.stage(Stage.VALIDATE, messages=valid + len(batch.rejected), seconds=batch.seconds[Stage.VALIDATE])
        metrics.stage(Stage.DEDUPLICATE, messages=valid, seconds=batch.seconds[Stage.DEDUPLICATE])
        metrics.stage(Stage.STORE, messages=len(fresh), seconds=committed.store_seconds)
        metrics.stage(Stage.AGGREGATE, messages=len(fresh), seconds=committed.aggregate_seconds)
        metrics.received(sum(not arrival.failed for arrival, _ in (*fresh, *batch.rejected)))
        metrics.duplicates(batch.duplicates)
        metrics.egress(Destination.LOCAL, records=len(fresh), size=sum(len(arrival.payload) for arrival, _ in fresh))
        metrics.committed(
            latencies=[done - arrival.received for arrival, _ in fresh],
            ages=[max(0.0, done_at - reading.event_time) for _, reading in fresh],
        )
        self._report_rejected(batch.rejected)
        self._report_order(fresh)
        self._check_samples(committed.ids, batch.rejected)
        return committed.waited_seconds

    def _check_samples(self, ids: range, rejected: Sequence[tuple[Arrival, Rejected]]) -> None:
        """Every sample is checked once: on its way in if it fails there, else as it stands in the store."""
        corrupted = sum(one.reason is Rejection.CHECKSUM for _, one in rejected)
        self._metrics.samples_checked(corrupted, corrupted)
        try:
            self._metrics.samples_checked(len(ids), self._store.count_incorrect(ids))
        except StoreError as error:
            _LOG.error("%d stored records could not be checked: %s", len(ids), error)
            self._metrics.stage_error(Stage.STORE, error.code)

    def _report_rejected(self, rejected: Sequence[tuple[Arrival, Rejected]]) -> None:
        for _, rejection in rejected:
            self._metrics.validation_failed(rejection.reason)
            self._metrics.dead_lettered(rejection.reason)

    def _report_order(self, fresh: Sequence[tuple[Arrival, Reading]]) -> None:
        late = 0
        for _, reading in fresh:
            newest = self._newest_seq.get(reading.meter, 0)
            late += reading.seq < newest
            self._newest_seq[reading.meter] = max(newest, reading.seq)
        self._metrics.out_of_order(late)
        if fresh:
            self._metrics.newest_event(max(reading.event_time for _, reading in fresh))

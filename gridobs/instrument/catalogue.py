"""Every ``power_*`` metric with its kind, labels and HELP, once; instruments, zero rows and the manual follow it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gridobs import conventions as names


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One family as Prometheus stores it; ``edges`` in seconds, without +Inf, for histograms alone."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()

    @property
    def instrument(self) -> str:
        """The OpenTelemetry name: the Prometheus reader adds ``_total`` and the unit again."""
        return self.name.removesuffix("_total").removesuffix("_seconds")

    @property
    def unit(self) -> str:
        """``s`` or, for counts and flags, nothing: ``1`` and ``{record}`` would not reach Prometheus either."""
        return "s" if self.name.endswith("_seconds") else ""


def _counter(name: str, text: str, *labels: str) -> Metric:
    return Metric(name=name, kind=Kind.COUNTER, help=text, labels=labels)


def _gauge(name: str, text: str) -> Metric:
    return Metric(name=name, kind=Kind.GAUGE, help=text)


STAGE_DURATION = Metric(
    name=names.POWER_STAGE_DURATION,
    kind=Kind.HISTOGRAM,
    help="Time a stage took for one batch; one observation per batch, not per record.",
    labels=(names.LABEL_STAGE,),
    edges=names.LATENCY_EDGES,
)
PROCESSING_LATENCY = Metric(
    name=names.POWER_PROCESSING_LATENCY,
    kind=Kind.HISTOGRAM,
    help="Time from receipt to commit, one observation per record.",
    edges=names.LATENCY_EDGES,
)
RECORD_AGE = Metric(
    name=names.POWER_RECORD_AGE,
    kind=Kind.HISTOGRAM,
    help="Time from the event to its commit, one observation per record; an event of the future counts as 0.",
    edges=names.AGE_EDGES,
)
HISTOGRAMS = (STAGE_DURATION, PROCESSING_LATENCY, RECORD_AGE)

METRICS: tuple[Metric, ...] = (
    _counter(names.POWER_RECORDS, "Records received."),
    _counter(names.POWER_RECORDS_FAILED, "Records whose first attempt to be stored failed."),
    _counter(names.POWER_STAGE_MESSAGES, "Messages a stage took in.", names.LABEL_STAGE),
    _counter(
        names.POWER_STAGE_ERRORS,
        "Errors of a stage by reason, a code of the processor.",
        names.LABEL_STAGE,
        names.LABEL_REASON,
    ),
    STAGE_DURATION,
    PROCESSING_LATENCY,
    RECORD_AGE,
    _counter(names.POWER_VALIDATION_FAILURES, "Records a validation rule rejected.", names.LABEL_RULE),
    _counter(names.POWER_DEAD_LETTER_MESSAGES, "Messages put aside for a person to look at.", names.LABEL_REASON),
    _counter(names.POWER_DUPLICATES, "Records dropped because they had been received before."),
    _counter(names.POWER_OUT_OF_ORDER, "Records that arrived after a newer one of their source."),
    _counter(names.POWER_SAMPLES_CHECKED, "Stored values that were compared with their source."),
    _counter(names.POWER_SAMPLES_INCORRECT, "Compared values that differed from their source."),
    _counter(names.POWER_RECONNECTS, "Connections to the broker made after the first."),
    _counter(
        names.POWER_EGRESS_BYTES,
        "Bytes of power data handed over, by whether the destination is within the site (local) or not (external).",
        names.LABEL_DESTINATION_CLASS,
    ),
    _counter(
        names.POWER_EGRESS_RECORDS,
        "Records handed over, by whether the destination is within the site (local) or not (external).",
        names.LABEL_DESTINATION_CLASS,
    ),
    _counter(
        names.POWER_POLICY_DECISIONS,
        "Decisions of a policy as the processor heard them: allow or deny.",
        names.LABEL_POLICY,
        names.LABEL_DECISION,
    ),
    _counter(
        names.POWER_LOCALISATION_DENIED,
        "Records held back because they would have left the site.",
        names.LABEL_REASON,
    ),
    _gauge(names.POWER_NEWEST_EVENT, "Unix time of the newest event of the last batch; absent before the first."),
    _gauge(names.POWER_BACKLOG_MESSAGES, "Messages received and not yet committed; absent until first reported."),
    _gauge(names.POWER_BACKLOG_OLDEST, "Unix time of the oldest message of the backlog; absent if there is none."),
    _gauge(names.POWER_BROKER_CONNECTED, "1 if connected to the broker, else 0."),
)


def metric(name: str) -> Metric:
    """The entry of ``name``, one of the ``POWER_*`` constants.

    Raises:
        KeyError: There is no such metric.
    """
    return {entry.name: entry for entry in METRICS}[name]

"""Which rows of the kubelet's ``/metrics`` are read, and what they become. Everything else is never parsed.

Each K3s process has one registry, so this endpoint holds the rows of all its components; the other ports only repeat
them (docs.k3s.io/reference/metrics).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gridobs_exporters.names import k3s as names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridobs_exporters.metric import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A counter: ``sample`` as exposed, summed over all labels but ``labels``, which keep their order.

    ``only`` are labels it must have; ``empty`` stands for a label without value; ``most`` bounds the series.
    ``source`` is where upstream declares it and which versions have it.
    """

    sample: str
    metric: Metric
    source: str
    labels: tuple[str, ...] = ()
    only: Mapping[str, str] = field(default_factory=dict)
    empty: str = ""
    most: int | None = None


_KUBELET = "kubernetes pkg/kubelet/metrics/metrics.go"
_KINE = "k3s-io/kine pkg/metrics/metrics.go"

COUNTERS: Sequence[Row] = (
    Row(sample="kubelet_evictions", metric=names.EVICTIONS, source=f"{_KUBELET}, 1.16+; a counter without _total"),
    Row(
        sample="kubelet_pod_start_sli_duration_seconds_count",
        metric=names.POD_STARTS,
        source=f"{_KUBELET}, 1.26+",
    ),
    Row(
        sample="kubelet_pod_start_sli_duration_seconds_sum",
        metric=names.POD_START_SECONDS,
        source=f"{_KUBELET}, 1.26+; seen at -1.8446742887692856e+10 in 1.30: left out while negative",
    ),
    Row(
        sample="kubelet_run_podsandbox_duration_seconds_count",
        metric=names.SANDBOX_RUNS,
        source=f"{_KUBELET}, 1.14+; the handler of the default runtime is empty",
        labels=("runtime_handler",),
        empty="default",
        most=3,
    ),
    Row(
        sample="kubelet_run_podsandbox_duration_seconds_sum",
        metric=names.SANDBOX_SECONDS,
        source=f"{_KUBELET}, 1.14+",
        labels=("runtime_handler",),
        empty="default",
        most=3,
    ),
    Row(
        sample="kubelet_run_podsandbox_errors_total",
        metric=names.SANDBOX_ERRORS,
        source=f"{_KUBELET}, 1.14+",
        labels=("runtime_handler",),
        empty="default",
        most=3,
    ),
    Row(
        sample="kine_sql_total",
        metric=names.SQL_OPERATIONS,
        source=f"{_KINE}; {{error_code}} in 0.11 to 0.15, with name from 0.16",
        labels=("error_code",),
        empty="none",
        most=3,
    ),
    Row(
        sample="kine_compact_total",
        metric=names.COMPACTIONS,
        source=f"{_KINE}; result is success or error",
        labels=("result",),
        most=2,
    ),
    Row(
        sample="go_sql_wait_duration_seconds_total",
        metric=names.CONNECTION_WAIT,
        source="client_golang collectors.NewDBStatsCollector, as kine registers it",
        only={"db_name": "kine"},
    ),
)

# k3s-io/k3s pkg/certmonitor, from 1.30.1: seconds that were left when K3s last looked, every 30 min. The label is
# "usages", though the documentation says "usage" (k3s-io/k3s#9899).
CERTIFICATE = "k3s_certificate_expiration_seconds"
# pkg/metrics of kine: edges from 0.005 to 30 until 0.15, 0.001 * 2^n from 0.16, and then with the label name.
SQL_TIME = "kine_sql_time_seconds"

_SAMPLES = (*(row.sample for row in COUNTERS), CERTIFICATE, *(f"{SQL_TIME}_{part}" for part in ("bucket", "sum")))
PREFIXES = tuple(f"{sample}{end}".encode() for sample in _SAMPLES for end in " {")

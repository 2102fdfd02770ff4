"""What it costs to read a kubelet's /metrics of a K3s server: lines chosen by their first bytes, or all of it parsed.

The answer is made here, 4 MB in the proportions of a small server: half of it buckets of the API server's requests,
with the rows the k3s collector wants among them as kine 0.11 and Kubernetes 1.30 write them.
"""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING

from gridobs_exporters.exposition import choose_lines
from gridobs_exporters.fetch import CHUNK
from gridobs_exporters.k3s.kubelet import read_metrics
from gridobs_exporters.k3s.rows import PREFIXES
from prometheus_client.parser import text_string_to_metric_families

from bench.harness import Effort, Result, compare

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CLIENT, FILTER, COLLECTOR = "prometheus_client", "filter alone", "k3s collector"

_SIZE = 4 * 2**20
_VERBS = ("APPLY", "CREATE", "DELETE", "GET", "LIST", "PATCH", "UPDATE", "WATCH")
_RESOURCES = (
    "configmaps", "cronjobs", "daemonsets", "deployments", "endpoints", "endpointslices", "events", "ingresses",
    "jobs", "leases", "namespaces", "networkpolicies", "nodes", "persistentvolumes", "pods", "replicasets", "roles",
    "secrets", "serviceaccounts", "services", "statefulsets",
)  # fmt: skip
_API_EDGES = (
    "0.005", "0.025", "0.05", "0.1", "0.2", "0.4", "0.6", "0.8", "1", "1.25", "1.5", "2", "3", "4", "5", "6", "8",
    "10", "15", "20", "30", "45", "60", "+Inf",
)  # fmt: skip
_KINE_EDGES = (
    "0.005", "0.01", "0.025", *(f"{number * 0.05:.2g}" for number in range(1, 21)),
    *(f"{number * 0.5:g}" for number in range(3, 21)), "15", "20", "25", "30", "+Inf",
)  # fmt: skip
_SANDBOX_EDGES = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf")


def measure(*, quick: bool) -> Iterator[Result]:
    """Milliseconds per answer; the collector's include what it makes of the rows."""
    answer = server_answer()
    chunks = [answer[at : at + CHUNK] for at in range(0, len(answer), CHUNK)]
    text = answer.decode()
    facts = read_metrics(chunks)
    if facts.unusable or not facts.sql or len(facts.certificates) != len(_certificates()):
        raise RuntimeError("the collector does not find in the answer what was put there")
    subjects = {
        CLIENT: lambda: sum(len(family.samples) for family in text_string_to_metric_families(text)),
        FILTER: lambda: len(choose_lines(chunks, PREFIXES)),
        COLLECTOR: lambda: read_metrics(chunks),
    }
    yield from compare(
        subjects,
        benchmark="k3s_filter",
        case=f"{len(answer) / 2**20:.1f} MB, {answer.count(b'{')} samples with labels",
        baselines=[CLIENT],
        effort=Effort(rounds=2, seconds=0.001) if quick else Effort(rounds=9, seconds=0.02),
        per=1000,
        unit="ms/answer",
    )


def server_answer() -> bytes:
    """4 MB of a server's /metrics."""
    wanted = [*_certificates(), *_kine(), *_kubelet()]
    others = _others()
    lines: list[str] = []
    size = sum(map(len, wanted)) + len(wanted)
    while size < _SIZE:
        block = list(islice(others, 200))
        lines += block
        size += sum(map(len, block)) + len(block)
    middle = len(lines) // 2
    return ("\n".join([*lines[:middle], *wanted, *lines[middle:]]) + "\n").encode()


def _others() -> Iterator[str]:
    """Rows of other components without end; the API server's requests are half of them."""
    yield "# HELP apiserver_request_duration_seconds [STABLE] Response latency distribution in seconds"
    yield "# TYPE apiserver_request_duration_seconds histogram"
    for version in range(1, 1000):
        for verb, resource, scope in product(_VERBS, _RESOURCES, ("cluster", "namespace")):
            labels = (
                f'component="apiserver",dry_run="",group="",resource="{resource}",scope="{scope}",subresource="",'
                f'verb="{verb}",version="v{version}"'
            )
            yield from (
                f'apiserver_request_duration_seconds_bucket{{{labels},le="{edge}"}} {number}'
                for number, edge in enumerate(_API_EDGES)
            )
            yield f"apiserver_request_duration_seconds_sum{{{labels}}} 0.5"
            yield from (
                f'workqueue_queue_duration_seconds_bucket{{name="{resource}-{verb}-{version}",le="1e-0{edge}"}} 7'
                for edge in range(9)
            )
            yield from (
                f'etcd_request_duration_seconds_bucket{{operation="{verb}",type="/{resource}",le="{edge}"}} 9'
                for edge in _API_EDGES[:12]
            )


def _certificates() -> Sequence[str]:
    return [
        f'k3s_certificate_expiration_seconds{{subject="CN=system:part-{number},O=k3s",usages="ClientAuth"}} 2.59e+06'
        for number in range(24)
    ]


def _kine() -> Iterator[str]:
    for code in ("", "2067"):
        yield from _histogram("kine_sql_time_seconds", f'error_code="{code}"', _KINE_EDGES)
        yield f'kine_sql_total{{error_code="{code}"}} 46'
    yield 'kine_compact_total{result="success"} 4'
    yield 'go_sql_wait_duration_seconds_total{db_name="kine"} 0.25'


def _kubelet() -> Iterator[str]:
    for handler in ("", "wasmedge"):
        yield from _histogram(
            "kubelet_run_podsandbox_duration_seconds", f'runtime_handler="{handler}"', _SANDBOX_EDGES
        )
    yield 'kubelet_evictions{eviction_signal="memory.available"} 2'
    yield "kubelet_pod_start_sli_duration_seconds_sum 21.5"
    yield "kubelet_pod_start_sli_duration_seconds_count 14"


def _histogram(name: str, labels: str, edges: Sequence[str]) -> Iterator[str]:
    for number, edge in enumerate(edges, start=1):
        yield f'{name}_bucket{{{labels},le="{edge}"}} {number}'
    yield f"{name}_sum{{{labels}}} 1.5"
    yield f"{name}_count{{{labels}}} {len(edges)}"

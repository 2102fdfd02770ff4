"""Collector ``k3s``: API server, nodes, kubelets, workloads and datastore of one K3s site."""

from __future__ import annotations

from gridobs_exporters.metric import counter, gauge, histogram

UP = gauge("gridobs_k3s_up", "Whether the API server answers /readyz, ready or not.")

# --- the API server, asked at a fixed interval ---------------------------------------------------------------------
READYZ_ATTEMPTS = counter("gridobs_k3s_readyz_attempts_total", "Times /readyz was asked, over a new connection.")
READYZ_FAILURES = counter(
    "gridobs_k3s_readyz_failures_total", "Of these, those that did not answer ready within the timeout."
)
READYZ_DURATION = histogram(
    "gridobs_k3s_readyz_duration_seconds", "Of those that answered ready: TCP, TLS, request and answer."
)
APISERVER_READY = gauge("gridobs_k3s_apiserver_ready", "Whether the API server calls itself ready.")
READYZ_CHECK = gauge(
    "gridobs_k3s_readyz_check",
    "Whether a check passes. etcd (here the datastore, also SQLite), etcd-readiness and informer-sync are always "
    "there; of the others the first 2 by name that fail.",
    "check",
)
READYZ_CHECKS_FAILED = gauge("gridobs_k3s_readyz_checks_failed", "How many checks of /readyz fail.")
APISERVER_INFO = gauge("gridobs_k3s_apiserver_info", "Version of the API server.", "version")
APISERVER_CERTIFICATE = gauge(
    "gridobs_k3s_apiserver_certificate_expiry_timestamp_seconds", "When the certificate it shows expires."
)
CLOCK_OFFSET = gauge(
    "gridobs_k3s_apiserver_clock_offset_seconds",
    "How far the API server's clock is ahead of the exporter's, from the HTTP date; half a second is noise.",
)

# --- what is listed from the API server ----------------------------------------------------------------------------
SOURCE_LAST_SUCCESS = gauge(
    "gridobs_k3s_source_last_success_timestamp_seconds",
    "When a source was last read; 0 is never. Its series are as old, and gone after 3 intervals.",
    "source",
)
SOURCE_ERRORS = counter(
    "gridobs_k3s_source_errors_total", "Times a source could not be read; kubelets together.", "source"
)
UNUSABLE = counter(
    "gridobs_k3s_unusable_rows_total", "Objects and samples left out because they make no sense, at every read."
)

# --- nodes ---------------------------------------------------------------------------------------------------------
NODE_READY = gauge("gridobs_k3s_node_ready", "Whether the condition Ready is True; 0 also when unknown.", "node")
NODE_PRESSURE = gauge(
    "gridobs_k3s_node_pressure",
    "1 for a condition that should be False and is not; absent while all is well, 3 at most.",
    "node",
    "condition",
)
NODE_HEARTBEAT = gauge(
    "gridobs_k3s_node_heartbeat_timestamp_seconds",
    "When the kubelet last renewed its lease, by the clock of its node.",
    "node",
)
KUBELET_INFO = gauge(
    "gridobs_k3s_kubelet_info", "Versions of the kubelets; more than one during an upgrade.", "version"
)
KUBELET_UP = gauge("gridobs_k3s_kubelet_up", "Whether the kubelet answered /metrics/resource last time.", "node")
NODE_CPU = counter("gridobs_k3s_node_cpu_usage_seconds_total", "CPU time of all that runs on the node.", "node")
NODE_MEMORY = gauge("gridobs_k3s_node_memory_working_set_bytes", "Memory that cannot be freed on the node.", "node")
KUBELET_METRICS_OLDEST = gauge(
    "gridobs_k3s_kubelet_metrics_oldest_success_timestamp_seconds",
    "When the dear /metrics was last read, at most once a minute, of the kubelet for which that is longest ago among "
    "those that answer; 0 is never.",
)

# --- capacity of the site ------------------------------------------------------------------------------------------
CPU_ALLOCATABLE = gauge(
    "gridobs_k3s_cpu_allocatable_cores",
    "CPU of the nodes that pods may use, by whether the kubelet tells the usage of the node.",
    "usage",
)
MEMORY_ALLOCATABLE = gauge(
    "gridobs_k3s_memory_allocatable_bytes",
    "Memory of the nodes that pods may use, by whether the kubelet tells the usage of the node.",
    "usage",
)
CPU_REQUESTS = gauge("gridobs_k3s_cpu_requests_cores", "CPU requested by pods that are bound to a node and not over.")
CPU_LIMITS = gauge("gridobs_k3s_cpu_limits_cores", "CPU limits of these; containers without a limit add nothing.")
MEMORY_REQUESTS = gauge("gridobs_k3s_memory_requests_bytes", "Memory requested by these pods.")
MEMORY_LIMITS = gauge("gridobs_k3s_memory_limits_bytes", "Memory limits; containers without a limit add nothing.")

# --- pods ----------------------------------------------------------------------------------------------------------
PODS = gauge("gridobs_k3s_pods", "Pods by phase; runtime is wasm or other, by RuntimeClass.", "phase", "runtime")
CONTAINERS_WAITING = gauge(
    "gridobs_k3s_containers_waiting", "Containers that wait for something that went wrong.", "reason"
)
CONTAINER_RESTARTS = counter(
    "gridobs_k3s_container_restarts_total", "Restarts seen since the exporter started.", "runtime"
)

# --- workloads -----------------------------------------------------------------------------------------------------
REPLICAS_DESIRED = gauge(
    "gridobs_k3s_workload_replicas_desired",
    "Replicas a Deployment, StatefulSet or DaemonSet wants.",
    "workload_namespace",
    "kind",
    "workload",
)
REPLICAS_AVAILABLE = gauge(
    "gridobs_k3s_workload_replicas_available",
    "Replicas that are available.",
    "workload_namespace",
    "kind",
    "workload",
)
WORKLOADS_DROPPED = gauge(
    "gridobs_k3s_workloads_dropped", "Workloads without series, above max_workloads; those short of replicas go last."
)

# --- what kubelets know, as increases seen since the exporter started, all nodes together ---------------------------
EVICTIONS = counter("gridobs_k3s_evictions_total", "Pods evicted by kubelets.")
POD_STARTS = counter("gridobs_k3s_pod_starts_total", "Pods started, as kubelets count for their start-up objective.")
POD_START_SECONDS = counter(
    "gridobs_k3s_pod_start_seconds_total",
    "Time these starts took, without image pulls and init containers; too coarse for cold starts of 10 ms.",
)
SANDBOX_RUNS = counter("gridobs_k3s_pod_sandbox_runs_total", "Pod sandboxes that were to run.", "handler")
SANDBOX_SECONDS = counter("gridobs_k3s_pod_sandbox_run_seconds_total", "Time it took to run them.", "handler")
SANDBOX_ERRORS = counter("gridobs_k3s_pod_sandbox_errors_total", "Pod sandboxes that did not run.", "handler")

# --- certificates and datastore ------------------------------------------------------------------------------------
CERTIFICATE_EXPIRY = gauge(
    "gridobs_k3s_certificate_expiry_timestamp_seconds",
    "When certificates of K3s expire, the 3 soonest of the site. K3s looks twice an hour, so up to 30 min late.",
    "node",
    "subject",
    "usages",
)
DATASTORE_BYTES = gauge("gridobs_k3s_datastore_bytes", "Size of each file of the SQLite datastore.", "file")
DATASTORE_AVAILABLE = gauge(
    "gridobs_k3s_datastore_filesystem_available_bytes", "Bytes still free to an unprivileged writer where it lies."
)
SQL_DURATION = histogram(
    "gridobs_k3s_datastore_sql_duration_seconds",
    "SQL operations of kine since the exporter started. Edges are those of its version, thinned to a ratio of 2.5.",
)
SQL_OPERATIONS = counter(
    "gridobs_k3s_datastore_sql_operations_total",
    "SQL operations of kine since the exporter started; some errors are part of its work, as of retried inserts.",
    "error_code",
)
COMPACTIONS = counter(
    "gridobs_k3s_datastore_compactions_total", "Compactions of kine since the exporter started.", "result"
)
CONNECTION_WAIT = counter(
    "gridobs_k3s_datastore_connection_wait_seconds_total",
    "Time kine waited for a free database connection since the exporter started.",
)

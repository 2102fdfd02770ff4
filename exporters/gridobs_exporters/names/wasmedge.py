"""Collector ``wasmedge``: wasm containers as containerd and the kernel see them."""

from __future__ import annotations

from gridobs_exporters.metric import counter, gauge, histogram

UP = gauge(
    "gridobs_wasmedge_up",
    "Whether containerd answered within the last 15 s and, where events are read, their stream is open.",
)
CONTAINERD_INFO = gauge(
    "gridobs_wasmedge_containerd_info", "Version of containerd, and what is read of it.", "version", "source"
)
LAST_ANSWER = gauge(
    "gridobs_wasmedge_last_answer_timestamp_seconds", "When containerd last answered a call; 0 is never."
)
CONNECT_FAILURES = counter(
    "gridobs_wasmedge_connect_failures_total", "Tries to reach containerd, or calls to it, that failed."
)

# --- the event stream, there only where events are read -----------------------------------------------------------
EVENTS = counter("gridobs_wasmedge_events_total", "Events received.", "topic")
RECONNECTS = counter("gridobs_wasmedge_event_stream_reconnects_total", "Times the event stream was taken up again.")
GAPS = counter(
    "gridobs_wasmedge_event_gaps_total", "Times events were lost: the stream broke, or they came too fast to be kept."
)
GAP_SECONDS = counter(
    "gridobs_wasmedge_event_gap_seconds_total", "Time without the stream since it was first open; goes on in a gap."
)

# --- starts --------------------------------------------------------------------------------------------------------
START_DURATION = histogram(
    "gridobs_wasmedge_container_start_duration_seconds",
    "Starts of wasm containers by stage. create_to_start: /tasks/create to /tasks/start, stamped by the shim: from"
    " the runtime has made the container to its process runs; crun loads the module after that. container_to_start:"
    " from the container is recorded, with mounts, the runtime's create and the kubelet's pause. sandbox: the pod's"
    " sandbox from recorded to running, without its network. pod_to_start: from the sandbox is recorded to the pod's"
    " first container runs, pulls included. start_to_ready: /tasks/start to the first line of its log, 0 if that was"
    " first, only of those that log. Where CRI is polled: container_to_start, pod_to_start and start_to_ready.",
    "stage",
    "handler",
    "pod_namespace",
)
STARTS = counter(
    "gridobs_wasmedge_container_starts_total",
    "Starts of wasm containers that were noticed, measured or not.",
    "handler",
    "pod_namespace",
)
STARTS_UNMEASURED = counter(
    "gridobs_wasmedge_container_starts_unmeasured_total",
    "Starts whose stage is unknown: gap (found running after one), no_create (the event of its beginning never came),"
    " negative or absurd (over 5 min) by its time stamps.",
    "stage",
    "reason",
)
UNIDENTIFIED = counter(
    "gridobs_wasmedge_containers_unidentified_total",
    "Containers gone before containerd could say what they were; they may have been wasm.",
)
EXITS = counter(
    "gridobs_wasmedge_container_exits_total",
    "Wasm containers that ended: success, error, signal (status above 128), or unknown (not seen).",
    "handler",
    "pod_namespace",
    "result",
)
OOM_EVENTS = counter(
    "gridobs_wasmedge_container_oom_events_total",
    "Times containerd reported a wasm container out of memory; stays when the container is gone.",
    "handler",
    "pod_namespace",
)
RUNNING = gauge(
    "gridobs_wasmedge_containers_running",
    "Wasm containers that run, sandboxes not counted.",
    "handler",
    "pod_namespace",
)
OMITTED = gauge(
    "gridobs_wasmedge_containers_omitted", "Running wasm containers without series of their own, for max_pods."
)

# --- cgroups, of each running wasm container ----------------------------------------------------------------------
_POD = ("pod_namespace", "pod", "container")
CPU = counter("gridobs_wasmedge_cpu_seconds_total", "CPU time used.", *_POD)
CPU_PERIODS = counter(
    "gridobs_wasmedge_cpu_periods_total", "Scheduler periods in which the container had a CPU limit and ran.", *_POD
)
CPU_THROTTLED_PERIODS = counter(
    "gridobs_wasmedge_cpu_throttled_periods_total", "Periods in which it was stopped at its limit.", *_POD
)
CPU_THROTTLED = counter(
    "gridobs_wasmedge_cpu_throttled_seconds_total", "Time its threads were stopped at its limit, added up.", *_POD
)
MEMORY_WORKING_SET = gauge(
    "gridobs_wasmedge_memory_working_set_bytes", "Memory without inactive file cache: what kubelet evicts by.", *_POD
)
MEMORY_LIMIT = gauge("gridobs_wasmedge_memory_limit_bytes", "Memory limit; no series is no limit.", *_POD)
MEMORY_PEAK = gauge(
    "gridobs_wasmedge_memory_peak_bytes", "Most memory ever used, cache included; cgroup v2 from Linux 5.19.", *_POD
)
OOM_KILLS = counter(
    "gridobs_wasmedge_oom_kills_total", "Processes the kernel killed in it for want of memory; gone with it.", *_POD
)
PIDS = gauge("gridobs_wasmedge_pids", "Processes and threads.", *_POD)

# --- what WasmEdge says in a workload's log -----------------------------------------------------------------------
_WHERE = ("handler", "pod_namespace")
EXECUTIONS = counter("gridobs_wasmedge_executions_total", "Statistics blocks WasmEdge logged, one a call.", *_WHERE)
EXECUTION_DURATION = histogram(
    "gridobs_wasmedge_execution_duration_seconds", "Total execution time of those that measured time.", *_WHERE
)
WASM_SECONDS = counter("gridobs_wasmedge_execution_wasm_seconds_total", "Part spent in wasm instructions.", *_WHERE)
HOST_SECONDS = counter("gridobs_wasmedge_execution_host_seconds_total", "Part spent in host functions.", *_WHERE)
INSTRUCTIONS = counter("gridobs_wasmedge_instructions_total", "Wasm instructions those calls executed.", *_WHERE)
GAS = counter("gridobs_wasmedge_gas_total", "Gas those calls cost.", *_WHERE)
COST_EXCEEDED = counter(
    "gridobs_wasmedge_cost_exceeded_total", "Calls WasmEdge ended because they exceeded their gas limit.", *_WHERE
)
UNPARSEABLE = counter(
    "gridobs_wasmedge_unparseable_total",
    "What could not be read: events, containers' specifications, CRI log lines, statistics blocks.",
    "what",
)

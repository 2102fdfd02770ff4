"""Every series, label and alert name that is ours, once.

Exposed names are ``power_*`` (by instrumented processors) and ``gridobs_<collector>_*`` (by collectors; those live in
``gridobs_exporters.names``). Recorded names are ``level:metric:operation``. SLO series carry Sloth's names, so that
dashboards made for Sloth find them.
"""

from __future__ import annotations

# --- labels --------------------------------------------------------------------------------------------------------
LABEL_SITE = "site"
LABEL_REGION = "region"
LABEL_SERVICE = "service"
LABEL_SLO = "slo"
LABEL_SEVERITY = "severity"
LABEL_SCOPE = "scope"
LABEL_STAGE = "stage"
LABEL_REASON = "reason"
LABEL_RULE = "rule"
LABEL_OBJECTIVE = "objective"
LABEL_PERIOD = "period"
LABEL_OWNER = "owner"
LABEL_IMPORTED_ALERT = "imported_alert"
LABEL_IMPORTED_ABSENT_ALERT = "imported_absent_alert"
LABEL_EXCLUSION = "exclusion"
LABEL_PHASE = "phase"
LABEL_DESTINATION_CLASS = "destination_class"
LABEL_POLICY = "policy"
LABEL_DECISION = "decision"
LABEL_STATE = "state"
LABEL_SHARD = "shard"
LABEL_CLAIMED_SITE = "claimed_site"

SEVERITY_PAGE = "page"
SEVERITY_TICKET = "ticket"
SEVERITY_INFO = "info"
SCOPE_SITE = "site"
SCOPE_REGION = "region"
SCOPE_FLEET = "fleet"

# --- histogram edges, seconds --------------------------------------------------------------------------------------
LATENCY_EDGES: tuple[float, ...] = (
    0.001, 0.0025, 0.005, 0.0075, 0.010, 0.015, 0.020, 0.025, 0.030, 0.040, 0.050, 0.075,
    0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
)  # fmt: skip
AGE_EDGES: tuple[float, ...] = (
    0.010, 0.020, 0.030, 0.050, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0,
)  # fmt: skip

# --- what an instrumented processor exposes (names as Prometheus stores them) --------------------------------------
POWER_RECORDS = "power_records_total"
POWER_RECORDS_FAILED = "power_records_failed_total"
POWER_STAGE_MESSAGES = "power_stage_messages_total"
POWER_STAGE_ERRORS = "power_stage_errors_total"
POWER_STAGE_DURATION = "power_stage_duration_seconds"
POWER_PROCESSING_LATENCY = "power_processing_latency_seconds"
POWER_RECORD_AGE = "power_record_age_seconds"
POWER_NEWEST_EVENT = "power_newest_event_timestamp_seconds"
POWER_VALIDATION_FAILURES = "power_validation_failures_total"
POWER_DUPLICATES = "power_duplicates_total"
POWER_OUT_OF_ORDER = "power_out_of_order_total"
POWER_SAMPLES_CHECKED = "power_samples_checked_total"
POWER_SAMPLES_INCORRECT = "power_samples_incorrect_total"
POWER_DEAD_LETTER_MESSAGES = "power_dead_letter_messages_total"
POWER_BACKLOG_MESSAGES = "power_backlog_messages"
POWER_BACKLOG_OLDEST = "power_backlog_oldest_timestamp_seconds"
POWER_BROKER_CONNECTED = "power_broker_connected"
POWER_RECONNECTS = "power_reconnects_total"
POWER_EGRESS_BYTES = "power_egress_bytes_total"
POWER_EGRESS_RECORDS = "power_egress_records_total"
POWER_POLICY_DECISIONS = "power_policy_decisions_total"
POWER_LOCALISATION_DENIED = "power_localisation_denied_total"

# --- the meter that is none ----------------------------------------------------------------------------------------
CANARY_METER = "gridobs-canary"  # its records are the exporter's, and stand in no sum of business figures

# --- what SLO rules record: events since the last evaluation ------------------------------------------------------
SLO_EVENT_BAD = "slo:event_bad:increase"
SLO_EVENT_TOTAL = "slo:event_total:increase"
SLO_RAW_BAD = "slo:raw_bad:increase"
SLO_RAW_TOTAL = "slo:raw_total:increase"
SLO_BAD = "slo:bad:increase"
SLO_TOTAL = "slo:total:increase"
SLO_EXCLUDED_BAD = "slo:excluded_bad:increase"
SLO_EXCLUDED_TOTAL = "slo:excluded_total:increase"
SLO_EXCLUSION_ACTIVE = "slo:exclusion:active"
SITE_INFO = "site_info"

# --- what SLO rules record: the same, added up every few minutes ---------------------------------------------------
SLO_ROLLUP_BAD = "slo:rollup_bad:increase"
SLO_ROLLUP_TOTAL = "slo:rollup_total:increase"
SLO_ROLLUP_ENTRIES = "slo:rollup_entries:count"
SLO_ROLLUP_OBSERVED = "slo:rollup_observed:count"

# --- what SLO rules record: windows and periods --------------------------------------------------------------------
SLO_BAD_RATE = "slo:bad:rate5m"
SLO_TOTAL_RATE = "slo:total:rate5m"
SLO_ERROR_RATIO_PREFIX = "slo:sli_error:ratio_rate"
SLO_OBJECTIVE = "slo:objective:ratio"
SLO_ERROR_BUDGET = "slo:error_budget:ratio"
SLO_TIME_PERIOD_DAYS = "slo:time_period:days"
SLO_CURRENT_BURN_RATE = "slo:current_burn_rate:ratio"
SLO_PERIOD_BURN_RATE = "slo:period_burn_rate:ratio"
SLO_PERIOD_BUDGET_REMAINING = "slo:period_error_budget_remaining:ratio"
SLO_PERIOD_RAW_BUDGET_REMAINING = "slo:period_raw_error_budget_remaining:ratio"
SLO_PERIOD_BAD = "slo:period_bad:increase"
SLO_PERIOD_TOTAL = "slo:period_total:increase"
SLO_PERIOD_RAW_BAD = "slo:period_raw_bad:increase"
SLO_PERIOD_RAW_TOTAL = "slo:period_raw_total:increase"
SLO_COVERAGE = "slo:coverage:ratio"
SLO_INFO = "slo_info"
SLO_INFO_LABELS = (LABEL_OBJECTIVE, LABEL_PERIOD, LABEL_OWNER)

# --- what SLO rules record: calendar periods -----------------------------------------------------------------------
SLO_LOCAL_TIME = "slo:local_time:seconds"
SLO_CALENDAR_PHASE = "slo:calendar:phase"
SLO_CALENDAR_BAD = "slo:calendar_bad:increase"
SLO_CALENDAR_TOTAL = "slo:calendar_total:increase"
SLO_CALENDAR_OBSERVED = "slo:calendar_observed:bool"
SLO_CALENDAR_EXCLUDED_BAD = "slo:calendar_excluded_bad:increase"
SLO_CALENDAR_EXCLUDED_TOTAL = "slo:calendar_excluded_total:increase"
SLO_PERIOD_ELAPSED = "slo:period_elapsed:ratio"


def slo_error_ratio(window: str) -> str:
    """The error ratio over ``window``, a Prometheus duration such as ``5m``."""
    return SLO_ERROR_RATIO_PREFIX + window


def slo_window_bad(window: str) -> str:
    """The bad events within ``window``."""
    return f"{SLO_BAD}_{window}"


def slo_window_coverage(window: str) -> str:
    """The share of ``window`` for which events were recorded, 0 to 1."""
    return f"{SLO_COVERAGE}_{window}"


def slo_group(slo: str, part: str) -> str:
    """The rule group of an objective; ``part`` is ``sli``, ``period`` or ``alerts``."""
    return f"slo-{slo}-{part}"


def burn_alert(slo: str) -> str:
    """The alert of an objective: ``power-latency-p99`` gives ``PowerLatencyP99BudgetBurn``."""
    return _camel(slo) + "BudgetBurn"


def data_alert(slo: str) -> str:
    """The alert for missing data: ``power-latency-p99`` gives ``PowerLatencyP99DataMissing``."""
    return _camel(slo) + "DataMissing"


def _camel(slo: str) -> str:
    return "".join(part.capitalize() for part in slo.split("-"))


# --- hand-written alerts -------------------------------------------------------------------------------------------
ALERT_PROCESSOR_DOWN = "PowerProcessorDown"
ALERT_PROCESSOR_MISSING = "PowerProcessorMissing"
ALERT_STORE_WRITE_FAILING = "PowerStoreWriteFailing"
ALERT_EXPORTER_DOWN = "GridObsExporterDown"
ALERT_EXPORTER_MISSING = "GridObsExporterMissing"
ALERT_COLLECTOR_FAILING = "GridObsCollectorFailing"
ALERT_SAMPLES_DROPPED = "GridObsSamplesDropped"

# --- alerts of the page /probe -------------------------------------------------------------------------------------
ALERT_BLACKBOX_PROBE_FAILING = "MqttBlackboxProbeFailing"
ALERT_BLACKBOX_PROBE_NOT_SERVED = "MqttBlackboxProbeNotServed"
ALERT_BLACKBOX_WRONG_LOGIN_ACCEPTED = "MqttBlackboxWrongPasswordAccepted"
ALERT_BLACKBOX_MESSAGES_UNRELIABLE = "MqttBlackboxMessagesUnreliable"
ALERT_BLACKBOX_MESSAGES_DROPPED = "MqttBlackboxMessagesDropped"
ALERT_BLACKBOX_CHECK_FAILING = "MqttBlackboxCheckFailing"
ALERT_BLACKBOX_CERTIFICATE_EXPIRES_SOON = "MqttBlackboxCertificateExpiresSoon"
ALERT_BLACKBOX_CERTIFICATE_EXPIRES = "MqttBlackboxCertificateExpires"

# --- alerts of k3s -------------------------------------------------------------------------------------------------
ALERT_K3S_CPU_ABOVE_TARGET = "K3sCpuAboveTarget"
ALERT_K3S_MEMORY_ABOVE_TARGET = "K3sMemoryAboveTarget"
ALERT_K3S_API_SERVER_DOWN = "K3sApiServerDown"
ALERT_K3S_READINESS_CHECK_FAILING = "K3sReadinessCheckFailing"
ALERT_K3S_API_SERVER_CLOCK_SKEW = "K3sApiServerClockSkew"
ALERT_K3S_INVENTORY_STALE = "K3sInventoryStale"
ALERT_K3S_HALF_OF_NODES_NOT_READY = "K3sHalfOfNodesNotReady"
ALERT_K3S_NODE_NOT_READY = "K3sNodeNotReady"
ALERT_K3S_NODE_HEARTBEAT_STALE = "K3sNodeHeartbeatStale"
ALERT_K3S_NODE_CLOCK_AHEAD = "K3sNodeClockAhead"
ALERT_K3S_NODE_PRESSURE = "K3sNodePressure"
ALERT_K3S_KUBELET_UNREACHABLE = "K3sKubeletUnreachable"
ALERT_K3S_KUBELET_METRICS_STALE = "K3sKubeletMetricsStale"
ALERT_K3S_CERTIFICATE_EXPIRING = "K3sCertificateExpiring"
ALERT_K3S_CERTIFICATE_EXPIRING_SOON = "K3sCertificateExpiringSoon"
ALERT_K3S_DATASTORE_SLOW = "K3sDatastoreSlow"
ALERT_K3S_DATASTORE_WAL_LARGE = "K3sDatastoreWalLarge"
ALERT_K3S_DATASTORE_DISK_FILLING = "K3sDatastoreDiskFilling"
ALERT_K3S_WORKLOAD_DOWN = "K3sWorkloadDown"
ALERT_K3S_REPLICAS_SHORT = "K3sReplicasShort"
ALERT_K3S_CONTAINERS_FAILING = "K3sContainersFailing"
ALERT_K3S_SANDBOXES_FAILING = "K3sSandboxesFailing"

# --- what rules record of k3s ---------------------------------------------------------------------------------------
SITE_K3S_CPU_USAGE_RATIO = "site:k3s_cpu_usage:ratio"
SITE_K3S_MEMORY_USAGE_RATIO = "site:k3s_memory_usage:ratio"
SITE_K3S_CPU_REQUESTS_RATIO = "site:k3s_cpu_requests:ratio"
SITE_K3S_MEMORY_REQUESTS_RATIO = "site:k3s_memory_requests:ratio"
SITE_K3S_NODES_COUNT = "site:k3s_nodes:count"
SITE_K3S_NODES_READY_COUNT = "site:k3s_nodes_ready:count"
SITE_K3S_PODS_RUNNING_COUNT = "site:k3s_pods_running:count"

# --- alerts of pipeline --------------------------------------------------------------------------------------------
ALERT_PIPELINE_CANARY_FAILING = "PowerPipelineCanaryFailing"
ALERT_RECORDS_STOPPED = "PowerRecordsStopped"
ALERT_FEEDER_SILENT = "PowerFeederSilent"
ALERT_STORE_UNREADABLE = "PowerStoreUnreadable"
ALERT_STORE_CORRUPT = "PowerStoreCorrupt"
ALERT_STORE_CHECK_STALE = "PowerStoreCheckStale"
ALERT_SAMPLES_INCORRECT = "PowerSamplesIncorrect"
ALERT_STORE_WAL_STARVING = "PowerStoreWalStarving"
ALERT_STORE_DISK_FULL_SOON = "PowerStoreDiskFullSoon"
ALERT_STORE_DISK_FILLING = "PowerStoreDiskFilling"
ALERT_BACKLOG_OLD = "PowerBacklogOld"
ALERT_DEAD_LETTERS_GROWING = "PowerDeadLettersGrowing"

# --- alerts of mqtt ------------------------------------------------------------------------------------------------
ALERT_MQTT_BROKER_DOWN = "MqttBrokerDown"
ALERT_MQTT_NO_HEARTBEAT = "MqttNoHeartbeat"
ALERT_MQTT_CLIENTS_DROPPED = "MqttClientsDropped"
ALERT_MQTT_MESSAGES_DROPPED = "MqttMessagesDropped"
ALERT_MQTT_MESSAGES_PILE_UP = "MqttMessagesPileUp"
ALERT_MQTT_BROKER_MEMORY_DOUBLED = "MqttBrokerMemoryDoubled"
ALERT_MQTT_BROKER_FULL = "MqttBrokerFull"
ALERT_MQTT_BRIDGE_DOWN = "MqttBridgeDown"
ALERT_MQTT_CONNECTION_REFUSED = "MqttConnectionRefused"
ALERT_MQTT_SUBSCRIPTION_REFUSED = "MqttSubscriptionRefused"
ALERT_MQTT_AUTHENTICATION_FAILURES = "MqttAuthenticationFailures"

# --- alerts of wasmedge --------------------------------------------------------------------------------------------
ALERT_WASM_CONTAINERD_DOWN = "WasmContainerdDown"
ALERT_WASM_EVENT_STREAM_GAPS = "WasmEventStreamGaps"
ALERT_WASM_OUT_OF_MEMORY = "WasmContainerOutOfMemory"
ALERT_WASM_THROTTLED = "WasmContainerThrottled"
ALERT_WASM_STARTS_UNKNOWN = "WasmColdStartsUnknown"

# --- alerts of policy ----------------------------------------------------------------------------------------------
ALERT_POLICY_DATA_LEFT = "PolicyDataLeftWithoutAllow"
ALERT_POLICY_ALLOW_NOT_LOGGED = "PolicyAllowNotLogged"
ALERT_POLICY_EXPORT_DENIED = "PolicyExportDenied"
ALERT_POLICY_LOGS_SILENT = "PolicyDecisionLogsSilent"
ALERT_POLICY_LOGS_DROPPED = "PolicyDecisionLogsDropped"
ALERT_POLICY_LOGS_REFUSED = "PolicyDecisionLogsRefused"
ALERT_OPA_DOWN = "OpaDown"
ALERT_OPA_NOT_READY = "OpaNotReady"
ALERT_OPA_BUNDLE_STALE = "OpaBundleStale"
ALERT_OPA_BUNDLE_FAILING = "OpaBundleFailing"
ALERT_GATEKEEPER_DOWN = "GatekeeperDown"
ALERT_GATEKEEPER_AUDIT_STALE = "GatekeeperAuditStale"
ALERT_GATEKEEPER_VIOLATIONS = "GatekeeperViolations"
ALERT_GATEKEEPER_WEBHOOK_ERRORS = "GatekeeperWebhookErrors"
ALERT_GATEKEEPER_WEBHOOK_SLOW = "GatekeeperWebhookSlow"

# --- what rules record of policy -----------------------------------------------------------------------------------
SITE_GATEKEEPER_VALIDATIONS_RATE = "site:gatekeeper_validation_requests:rate10m"
SITE_GATEKEEPER_MUTATIONS_RATE = "site:gatekeeper_mutation_requests:rate10m"
SITE_GATEKEEPER_INGESTIONS_RATE = "site:gatekeeper_template_ingestions:rate10m"
SITE_GATEKEEPER_LAST_SYNC = "site:gatekeeper_sync_last_run:timestamp_seconds"

# --- what every site records of itself, for its hub ----------------------------------------------------------------
SITE_HEARTBEAT = "site:heartbeat:time"
SITE_ALERTS_FIRING = "site:alerts_firing:count"
SITE_RECORDS_RATE = "site:records:rate5m"
SITE_RECORDS_STORED = "site:records_stored:count"
SITE_DEAD_LETTERS_RATE = "site:dead_letters:rate5m"
SITE_DEVICES_CONNECTED = "site:devices_connected:count"
SITE_BACKLOG = "site:backlog:messages"
SITE_BACKLOG_OLDEST_AGE = "site:backlog_oldest_age:seconds"
SITE_NEWEST_EVENT_AGE = "site:newest_event_age:seconds"
SITE_STORE_SIZE = "site:store_size:bytes"
SITE_STORE_DISK_AVAILABLE = "site:store_disk_available:ratio"
SITE_TARGETS = "site:targets:count"
SITE_TARGETS_UP = "site:targets_up:count"
SITE_COLLECTORS_FAILING = "site:collectors_failing:count"
SITE_K3S_CPU_USAGE = "site:k3s_cpu_usage:cores"
SITE_K3S_CPU_ALLOCATABLE = "site:k3s_cpu_allocatable:cores"
SITE_K3S_MEMORY_USAGE = "site:k3s_memory_usage:bytes"
SITE_K3S_MEMORY_ALLOCATABLE = "site:k3s_memory_allocatable:bytes"
SITE_RULE_GROUPS_MISSED = "site:rule_groups_missed:increase15m"
SITE_RULE_FAILURES = "site:rule_failures:increase15m"

# --- what may leave a site -----------------------------------------------------------------------------------------
EGRESS_LABELS: tuple[str, ...] = (
    LABEL_SITE, LABEL_REGION, LABEL_SERVICE, LABEL_SLO, LABEL_SEVERITY, LABEL_SCOPE, LABEL_OBJECTIVE, LABEL_PERIOD,
    LABEL_OWNER, LABEL_EXCLUSION,
)  # fmt: skip
DEVICE_LABELS: tuple[str, ...] = (
    "client_id", "customer", "customer_id", "device", "device_id", "feeder", "feeder_id", "meter", "meter_id",
)  # fmt: skip
MIN_DEVICES = 5  # a figure of fewer says something of each

# --- the hub -------------------------------------------------------------------------------------------------------
JOB_EDGE = "edge-federate"  # the one job with which a hub pulls its sites
SITE_REACHABLE = "site:reachable:bool"
SITE_STATE = "site:state:info"
JOB_SHARDS = "hub-shards"  # with which the global tier pulls the shards
JOB_HUB = "hub"  # with which a hub watches itself
JOB_BACKFILL = "backfill"  # with which a shard watches the back-fill that fills its holes
LABEL_TRANSPORT = "transport"
LABEL_MAINTENANCE = "maintenance"
LABEL_TIER = "tier"
LABEL_REPLICA = "replica"

# --- what a hub records of each site -------------------------------------------------------------------------------
SITE_EXPECTED = "site:expected:info"
SITE_HEARTBEAT_LAST = "site:heartbeat_last:time"
SITE_HEARTBEAT_AGE = "site:heartbeat_age:seconds"
STATE_LIVE = "live"
STATE_STALE = "stale"
STATE_DARK = "dark"
STATE_UNHEALTHY = "unhealthy"
STATE_MAINTENANCE = "maintenance"

# --- what a hub records of regions and of the fleet, each behind its level ----------------------------------------
SITES = "sites:count"
SITES_EXPECTED = "sites_expected:count"
SITES_WATCHED = "sites_watched:count"
SITES_REACHABLE = "sites_reachable:count"
SITES_REACHABLE_RATIO = "sites_reachable:ratio"
HUB_SLO_BAD = "slo_period_bad:sum"
HUB_SLO_GOOD = "slo_period_good:sum"
HUB_SLO_TOTAL = "slo_period_total:sum"
HUB_SLO_BUDGET = "slo_period_budget:sum"
HUB_SLO_SPENT = "slo_period_budget_spent:sum"
HUB_SLO_BAD_RATE = "slo_bad_rate5m:sum"
HUB_SLO_TOTAL_RATE = "slo_total_rate5m:sum"
HUB_SLO_KNOWN = "slo_known_time:sum"
HUB_SLO_SITES = "slo_sites:count"
HUB_SLO_SITES_JUDGED = "slo_sites_judged:count"
HUB_SLO_SITES_IN_OBJECTIVE = "slo_sites_in_objective:count"
HUB_SLO_SITES_COVERED = "slo_sites_covered:ratio"
HUB_SLO_SITES_IN_OBJECTIVE_RATIO = "slo_sites_in_objective:ratio"
HUB_SLO_KNOWN_RATIO = "slo_known_time:ratio"
HUB_SLO_ERROR_RATIO = "slo_period_error:ratio"
HUB_SLO_BUDGET_RATIO = "slo_error_budget:ratio"
HUB_SLO_BUDGET_REMAINING = "slo_period_error_budget_remaining:ratio"
HUB_SLO_CURRENT_ERROR_RATIO = "slo_current_error:ratio"
HUB_SLO_CURRENT_BURN_RATE = "slo_current_burn_rate:ratio"
HUB_SLO_WORST_SITES = "slo_worst_sites:ratio"
SHARD_PREFIX = "shard_"  # what the global tier puts before a name of a shard


def leveled(level: str, metric: str) -> str:
    """``metric`` of a level: ``leveled("region", "sites:count")`` gives ``region:sites:count``."""
    return f"{level}:{metric}"


# --- alerts of a hub -----------------------------------------------------------------------------------------------
HUB_ALERT_SITE_DARK = "SiteDark"
HUB_ALERT_REGION_WAN_OUTAGE = "RegionWANOutage"
HUB_ALERT_UPLINK_DOWN = "HubUplinkDown"
HUB_ALERT_SHARD_DOWN = "HubShardDown"
HUB_ALERT_SITE_RULES_STALLED = "SiteRulesStalled"
HUB_ALERT_SITE_FLAPPING = "SiteFlapping"
HUB_ALERT_SITE_MISSING = "SiteMissingFromDiscovery"
HUB_ALERT_SITE_CLOCK_SKEW = "SiteClockSkew"
HUB_ALERT_SITE_IDENTITY_MISMATCH = "SiteIdentityMismatch"
HUB_ALERT_SITE_LIMIT_REACHED = "SiteLimitReached"
HUB_ALERT_LIMIT_REACHED = "HubLimitReached"
HUB_ALERT_SITE_SENDS_NOTHING = "SiteSendsNothing"
HUB_ALERT_REGION_BUDGET_BURN = "RegionBudgetBurn"
HUB_ALERT_FLEET_BUDGET_BURN = "FleetBudgetBurn"
HUB_ALERT_WATCHDOG = "HubWatchdog"
HUB_ALERT_BACKFILL_DOWN = "BackfillDown"
HUB_ALERT_BACKFILL_STALLED = "BackfillStalled"
HUB_ALERT_BACKFILL_HOLE_OPEN = "BackfillHoleOpen"
HUB_ALERT_BACKFILL_REFUSES = "BackfillRefuses"

# --- what the back-fill says of itself -----------------------------------------------------------------------------
BACKFILL_SAMPLES = "gridobs_backfill_samples_written_total"
BACKFILL_BYTES = "gridobs_backfill_read_bytes_total"
BACKFILL_HOLES_FOUND = "gridobs_backfill_holes_found_total"
BACKFILL_HOLES_FILLED = "gridobs_backfill_holes_filled_total"
BACKFILL_HOLES_EMPTY = "gridobs_backfill_holes_empty_total"
BACKFILL_HOLE_SECONDS = "gridobs_backfill_hole_seconds"
BACKFILL_DROPPED = "gridobs_backfill_series_dropped_total"
BACKFILL_REFUSED = "gridobs_backfill_samples_refused_total"
BACKFILL_ERRORS = "gridobs_backfill_errors_total"
BACKFILL_SITES_DARK = "gridobs_backfill_sites_dark"
BACKFILL_LAST_SUCCESS = "gridobs_backfill_last_success_timestamp_seconds"

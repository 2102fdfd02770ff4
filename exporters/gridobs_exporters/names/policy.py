"""Collector ``policy``: decisions of OPA, from the logs it sends."""

from __future__ import annotations

from gridobs_exporters.metric import counter, gauge, histogram

UP = gauge(
    "gridobs_policy_up",
    "Whether the OPA answers /health with its bundles active and its plugins ready; without a configured OPA 1, "
    "which says only that logs would be taken.",
    "opa",
)

# --- decisions -----------------------------------------------------------------------------------------------------
DECISIONS = counter(
    "gridobs_policy_decisions_total",
    "Decisions by path and result: allow, deny, undefined, error, erased or other. A lower bound: OPA drops logs "
    "under load.",
    "path",
    "result",
)
EVALUATION = histogram(
    "gridobs_policy_evaluation_duration_seconds", "How long OPA took to evaluate the query of a decision."
)
REDACTED = counter(
    "gridobs_policy_redacted_total", "Decisions of which OPA erased or masked a part before it sent them."
)
DUPLICATES = counter("gridobs_policy_duplicates_total", "Decisions that came again and were not counted again.")
UNPARSEABLE = counter("gridobs_policy_unparseable_total", "Log events that are no decision, and were left out.")
OTHER_PATHS = counter(
    "gridobs_policy_other_paths_total", "Decisions counted under the path other: beyond the limit, or no plain path."
)
OPA_DROPPED = counter(
    "gridobs_policy_opa_dropped_total",
    "Decisions OPA says it dropped before it sent them, as far as it sends its status here.",
    "reason",
)

# --- how they came -------------------------------------------------------------------------------------------------
BATCHES = counter(
    "gridobs_policy_batches_total",
    "Batches OPA sent: accepted, unparseable, too_large or busy; all but the accepted were refused as a whole.",
    "outcome",
)
RECEIVED_BYTES = counter("gridobs_policy_received_bytes_total", "Bytes of batches as sent, compressed or not.")
LAST_BATCH = gauge(
    "gridobs_policy_last_batch_timestamp_seconds", "When a batch was last accepted; 0 is never since the start."
)
BUNDLE_INFO = gauge(
    "gridobs_policy_bundle_info",
    "Bundle revision that the newest decision was made with; gone an hour after the last decision.",
    "bundle",
    "revision",
)

"""The exporter about itself."""

from __future__ import annotations

from gridobs_exporters.metric import counter, gauge

BUILD_INFO = gauge("gridobs_exporter_build_info", "Version of this exporter.", "version")
COLLECTOR_SUCCESS = gauge(
    "gridobs_exporter_collector_success", "Whether the collector read all of its target in time.", "collector"
)
COLLECTOR_DURATION = gauge(
    "gridobs_exporter_collector_duration_seconds", "How long the collector took, or was waited for.", "collector"
)
COLLECTOR_LAST_SUCCESS = gauge(
    "gridobs_exporter_collector_last_success_timestamp_seconds",
    "When the collector last succeeded; 0 is never.",
    "collector",
)
COLLECTOR_DROPPED = counter(
    "gridobs_exporter_collector_dropped_samples_total",
    "Samples left out because the collector had more than its limit.",
    "collector",
)

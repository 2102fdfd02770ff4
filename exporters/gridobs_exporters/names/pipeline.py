"""Collector ``pipeline``: the SQLite store a processor writes."""

from __future__ import annotations

from gridobs_exporters.metric import counter, gauge

UP = gauge("gridobs_pipeline_up", "Whether the store could be read.", "store")

# --- the store as files --------------------------------------------------------------------------------------------
STORE_BYTES = gauge("gridobs_pipeline_store_bytes", "Size of each file of the store.", "store", "file")
FILESYSTEM_AVAILABLE = gauge(
    "gridobs_pipeline_filesystem_available_bytes",
    "Bytes an unprivileged writer can still use where the store lies.",
    "store",
)
FILESYSTEM_SIZE = gauge(
    "gridobs_pipeline_filesystem_size_bytes", "Size of the file system where the store lies.", "store"
)

# --- the store as a database ---------------------------------------------------------------------------------------
STORE_INFO = gauge("gridobs_pipeline_store_info", "How the store is kept.", "store", "journal_mode", "user_version")
STORE_PAGES = gauge("gridobs_pipeline_store_pages", "Pages, the free ones included.", "store")
STORE_FREE_PAGES = gauge("gridobs_pipeline_store_freelist_pages", "Pages that hold nothing.", "store")
STORE_PAGE_SIZE = gauge("gridobs_pipeline_store_page_size_bytes", "Size of a page.", "store")
ERRORS = counter("gridobs_pipeline_errors_total", "Reads of the store that failed.", "store", "code")
CHECK_LAST_RUN = gauge(
    "gridobs_pipeline_quick_check_last_run_timestamp_seconds", "When quick_check last ended; 0 is never.", "store"
)
CHECK_LAST_OK = gauge(
    "gridobs_pipeline_quick_check_last_ok_timestamp_seconds",
    "When quick_check last found no fault; 0 is never.",
    "store",
)
CHECK_DURATION = gauge(
    "gridobs_pipeline_quick_check_duration_seconds", "How long the latest quick_check took.", "store"
)

# --- what was stored -----------------------------------------------------------------------------------------------
RECORDS = gauge("gridobs_pipeline_records_stored", "Records stored, as the highest id: rows are only added.", "store")
NEWEST_EVENT = gauge(
    "gridobs_pipeline_newest_event_timestamp_seconds",
    "Newest event time among the records stored last.",
    "store",
)
LAST_COMMIT = gauge("gridobs_pipeline_last_commit_timestamp_seconds", "When the processor last committed.", "store")
LAG = gauge("gridobs_pipeline_lag_seconds", "From event to store, of the record stored last.", "store")
BACKLOG = gauge(
    "gridobs_pipeline_backlog_messages", "Messages the processor held uncommitted at its last commit.", "store"
)
BACKLOG_OLDEST = gauge(
    "gridobs_pipeline_backlog_oldest_timestamp_seconds",
    "When the oldest uncommitted message was received.",
    "store",
)
DEAD_LETTERS = gauge(
    "gridobs_pipeline_dead_letters", "Messages put aside, as the highest id: rows are only added.", "store"
)

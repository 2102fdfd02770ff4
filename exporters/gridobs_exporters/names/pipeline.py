"""Collector ``pipeline``: the SQLite stores that processors write."""

from __future__ import annotations

from gridobs_exporters.metric import counter, gauge, histogram

UP = gauge("gridobs_pipeline_up", "Whether the store could be read.", "store")

# --- the store as files --------------------------------------------------------------------------------------------
STORE_BYTES = gauge(
    "gridobs_pipeline_store_bytes",
    "Size of each file of the store. That of the WAL is what it ever grew to, not what it holds.",
    "store",
    "file",
)
WAL_FRAMES = gauge(
    "gridobs_pipeline_wal_frames",
    "Pages in the WAL. It starts again at 0 when all are in the store and nobody reads them.",
    "store",
)
WAL_PENDING = gauge(
    "gridobs_pipeline_wal_pending_frames", "Pages in the WAL that no checkpoint has copied into the store.", "store"
)
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
ERRORS = counter(
    "gridobs_pipeline_errors_total",
    "Reads of the store that failed, by SQLite's extended code; TIMEOUT: the file system did not answer, "
    "CHANGED: another file took its place, DAMAGED: a value of a wrong type.",
    "store",
    "code",
)
CHECK_INTERVAL = gauge(
    "gridobs_pipeline_quick_check_interval_seconds", "From one quick_check to the next, as configured.", "store"
)
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
SAMPLES_CHECKED = counter(
    "gridobs_pipeline_samples_checked_total",
    "Stored samples re-read and held against their checksum; one may be checked again later.",
    "store",
)
SAMPLES_INCORRECT = counter(
    "gridobs_pipeline_samples_incorrect_total", "Samples checked that are not what their meter sent.", "store"
)
SAMPLES_LAST_RUN = gauge(
    "gridobs_pipeline_samples_last_run_timestamp_seconds", "When samples were last checked; 0 is never.", "store"
)

# --- what was stored -----------------------------------------------------------------------------------------------
RECORDS = gauge(
    "gridobs_pipeline_records_stored",
    "Records ever stored, canaries among them: the highest id, for rows are only added.",
    "store",
)
NEWEST_EVENT = gauge(
    "gridobs_pipeline_newest_event_timestamp_seconds",
    "Newest event time among the 256 records stored last, canaries aside; 0 if there are only canaries.",
    "store",
)
OLDEST_EVENT = gauge(
    "gridobs_pipeline_watermark_timestamp_seconds",
    "Oldest event time among the 256 records stored last, canaries aside: older events may still come, but have not.",
    "store",
)
RECENT = gauge("gridobs_pipeline_recent_records", "Records looked at: the 256 stored last, canaries aside.", "store")
RECENT_LATE = gauge(
    "gridobs_pipeline_recent_late_records", "Those of them that were stored over 5 s after their event.", "store"
)
FEEDER_NEWEST = gauge(
    "gridobs_pipeline_feeder_newest_minute_timestamp_seconds",
    "Start of the newest minute of the feeder with a record; the first 64 feeders by name, those heard within a day.",
    "store",
    "feeder",
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
    "gridobs_pipeline_dead_letters", "Messages ever put aside: the highest id, for rows are only added.", "store"
)
DEAD_LETTERS_RECENT = gauge(
    "gridobs_pipeline_dead_letters_recent",
    "The 64 messages put aside last, by reason; oversized: over 100 kB, whatever the reason.",
    "store",
    "reason",
)

# --- the canary ----------------------------------------------------------------------------------------------------
CANARY_ATTEMPTS = counter(
    "gridobs_pipeline_canary_attempts_total", "Canary records sent, or tried to; one a round.", "store"
)
CANARY_FAILURES = counter(
    "gridobs_pipeline_canary_failures_total",
    "Canaries not seen in the store in time: the broker did not take it (broker) or had nobody to give it to "
    "(unrouted), the store could not be read (store), or the broker took it and it is not there (missing).",
    "store",
    "reason",
)
CANARY = histogram(
    "gridobs_pipeline_canary_seconds",
    "Publishing of a canary to seeing it in the store, of those that succeeded; up to 2 ms too long below 0.1 s, "
    "10 ms below 1 s, then 50 ms.",
    "store",
)
CANARY_LAST_SUCCESS = gauge(
    "gridobs_pipeline_canary_last_success_timestamp_seconds", "When a canary was last seen; 0 is never.", "store"
)

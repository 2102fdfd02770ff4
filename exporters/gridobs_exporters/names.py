"""Every series name the exporter exposes, once."""

from __future__ import annotations

# --- the exporter about itself -------------------------------------------------------------------------------------
EXPORTER_BUILD_INFO = "gridobs_exporter_build_info"
COLLECTOR_SUCCESS = "gridobs_exporter_collector_success"
COLLECTOR_DURATION = "gridobs_exporter_collector_duration_seconds"
COLLECTOR_LAST_SUCCESS = "gridobs_exporter_collector_last_success_timestamp_seconds"


def up(collector: str) -> str:
    """The 1/0 series that says whether the target of ``collector`` answers: ``mqtt`` gives ``gridobs_mqtt_up``."""
    return f"gridobs_{collector}_up"


# --- mqtt: the round-trip probe ------------------------------------------------------------------------------------
MQTT_PROBE_ATTEMPTS = "gridobs_mqtt_probe_attempts_total"
MQTT_PROBE_FAILURES = "gridobs_mqtt_probe_failures_total"
MQTT_PROBE_ROUNDTRIP = "gridobs_mqtt_probe_roundtrip_seconds"
MQTT_PROBE_PHASE_DURATION = "gridobs_mqtt_probe_duration_seconds"
MQTT_PROBE_LAST_SUCCESS = "gridobs_mqtt_probe_last_success_timestamp_seconds"

# --- mqtt: what the monitor sees of the broker ---------------------------------------------------------------------
MQTT_LAST_HEARTBEAT = "gridobs_mqtt_last_heartbeat_timestamp_seconds"
MQTT_CONNECT_REFUSED = "gridobs_mqtt_connect_refused_total"
MQTT_SUBSCRIBE_REFUSED = "gridobs_mqtt_subscribe_refused_total"
MQTT_UNPARSEABLE = "gridobs_mqtt_unparseable_payloads_total"

# --- mqtt: what the broker says of itself ($SYS) -------------------------------------------------------------------
MQTT_BROKER_INFO = "gridobs_mqtt_broker_info"
MQTT_BROKER_UPTIME = "gridobs_mqtt_broker_uptime_seconds"
MQTT_MESSAGES_RECEIVED = "gridobs_mqtt_messages_received_total"
MQTT_MESSAGES_SENT = "gridobs_mqtt_messages_sent_total"
MQTT_RECEIVED_BYTES = "gridobs_mqtt_received_bytes_total"
MQTT_SENT_BYTES = "gridobs_mqtt_sent_bytes_total"
MQTT_PUBLISH_RECEIVED = "gridobs_mqtt_publish_messages_received_total"
MQTT_PUBLISH_SENT = "gridobs_mqtt_publish_messages_sent_total"
MQTT_PUBLISH_DROPPED = "gridobs_mqtt_publish_messages_dropped_total"
MQTT_PUBLISH_RECEIVED_BYTES = "gridobs_mqtt_publish_received_bytes_total"
MQTT_PUBLISH_SENT_BYTES = "gridobs_mqtt_publish_sent_bytes_total"
MQTT_BRIDGE_UP = "gridobs_mqtt_bridge_up"
MQTT_CLIENTS_EXPIRED = "gridobs_mqtt_clients_expired_total"
MQTT_SOCKET_CONNECTIONS = "gridobs_mqtt_socket_connections_total"
MQTT_CLIENTS_CONNECTED = "gridobs_mqtt_clients_connected"
MQTT_CLIENTS_DISCONNECTED = "gridobs_mqtt_clients_disconnected"
MQTT_STORED_MESSAGES = "gridobs_mqtt_stored_messages"
MQTT_STORED_BYTES = "gridobs_mqtt_stored_bytes"
MQTT_SUBSCRIPTIONS = "gridobs_mqtt_subscriptions"
MQTT_SHARED_SUBSCRIPTIONS = "gridobs_mqtt_shared_subscriptions"
MQTT_RETAINED_MESSAGES = "gridobs_mqtt_retained_messages"
MQTT_HEAP_BYTES = "gridobs_mqtt_heap_bytes"
MQTT_OUTGOING_PACKETS = "gridobs_mqtt_outgoing_packets"
MQTT_OUTGOING_PACKET_BYTES = "gridobs_mqtt_outgoing_packet_bytes"
MQTT_SOCKETS_PER_MINUTE = "gridobs_mqtt_sockets_per_minute"
MQTT_CONNECTIONS_PER_MINUTE = "gridobs_mqtt_connections_per_minute"

# --- pipeline: the store as files ----------------------------------------------------------------------------------
PIPELINE_STORE_BYTES = "gridobs_pipeline_store_bytes"
PIPELINE_FILESYSTEM_AVAILABLE = "gridobs_pipeline_filesystem_available_bytes"
PIPELINE_FILESYSTEM_SIZE = "gridobs_pipeline_filesystem_size_bytes"

# --- pipeline: the store as a database -----------------------------------------------------------------------------
PIPELINE_STORE_INFO = "gridobs_pipeline_store_info"
PIPELINE_STORE_PAGES = "gridobs_pipeline_store_pages"
PIPELINE_STORE_FREE_PAGES = "gridobs_pipeline_store_freelist_pages"
PIPELINE_STORE_PAGE_SIZE = "gridobs_pipeline_store_page_size_bytes"
PIPELINE_ERRORS = "gridobs_pipeline_errors_total"
PIPELINE_CHECK_LAST_RUN = "gridobs_pipeline_quick_check_last_run_timestamp_seconds"
PIPELINE_CHECK_LAST_OK = "gridobs_pipeline_quick_check_last_ok_timestamp_seconds"
PIPELINE_CHECK_DURATION = "gridobs_pipeline_quick_check_duration_seconds"

# --- pipeline: what was stored -------------------------------------------------------------------------------------
PIPELINE_RECORDS = "gridobs_pipeline_records_stored"
PIPELINE_NEWEST_EVENT = "gridobs_pipeline_newest_event_timestamp_seconds"
PIPELINE_LAST_COMMIT = "gridobs_pipeline_last_commit_timestamp_seconds"
PIPELINE_LAG = "gridobs_pipeline_lag_seconds"
PIPELINE_BACKLOG = "gridobs_pipeline_backlog_messages"
PIPELINE_BACKLOG_OLDEST = "gridobs_pipeline_backlog_oldest_timestamp_seconds"
PIPELINE_DEAD_LETTERS = "gridobs_pipeline_dead_letters"

"""Collector ``mqtt``: a broker seen from outside, and what it says of itself."""

from __future__ import annotations

from gridobs_exporters.metric import counter, gauge, histogram

UP = gauge(
    "gridobs_mqtt_up",
    "Whether the broker let the monitor in and what it says of itself is no older than 3 intervals.",
    "broker",
)

# --- the round-trip probe ------------------------------------------------------------------------------------------
PROBE_ATTEMPTS = counter("gridobs_mqtt_probe_attempts_total", "Round trips tried, as a new client.", "broker", "qos")
PROBE_FAILURES = counter(
    "gridobs_mqtt_probe_failures_total", "Round trips that did not succeed within the timeout.", "broker", "qos"
)
PROBE_ROUNDTRIP = histogram(
    "gridobs_mqtt_probe_roundtrip_seconds", "Publish to delivery, of round trips that succeeded.", "broker", "qos"
)
PROBE_PHASE_DURATION = gauge(
    "gridobs_mqtt_probe_duration_seconds",
    "Phases that the latest round reached; puback and deliver at QoS 1.",
    "broker",
    "phase",
)
PROBE_LAST_SUCCESS = gauge(
    "gridobs_mqtt_probe_last_success_timestamp_seconds", "When all QoS levels last came back; 0 is never.", "broker"
)

# --- what the monitor sees of the broker ---------------------------------------------------------------------------
LAST_HEARTBEAT = gauge(
    "gridobs_mqtt_last_heartbeat_timestamp_seconds",
    "When the broker last told its figures; a retained $SYS/broker/uptime is none; 0 is never.",
    "broker",
)
CONNECTED = gauge("gridobs_mqtt_connected", "Whether the broker holds a connection of the monitor open.", "broker")
CAPABILITY = gauge(
    "gridobs_mqtt_broker_capability",
    "What the broker grants in CONNACK, or what MQTT 5 lets that mean if it grants nothing; no limit is +Inf.",
    "broker",
    "capability",
)
REASON_CODES = counter(
    "gridobs_mqtt_reason_codes_total",
    "Answers to clients of ours with a reason other than success; CONNACK, SUBACK, PUBACK, PUBCOMP, DISCONNECT.",
    "broker",
    "client",
    "packet",
    "reason",
)
UNPARSEABLE = counter(
    "gridobs_mqtt_unparseable_total",
    "$SYS payloads by topic, and lines of the statistics page, that are not what the broker should send.",
    "broker",
    "source",
)
STATS_FAILURES = counter(
    "gridobs_mqtt_stats_failures_total",
    "Readings of the statistics page that failed: no answer, another status than success, no statistics in it.",
    "broker",
    "reason",
)
STATS_DURATION = gauge(
    "gridobs_mqtt_stats_duration_seconds", "What the latest reading of the statistics page took.", "broker"
)

# --- what the broker says of itself --------------------------------------------------------------------------------
BROKER_INFO = gauge("gridobs_mqtt_broker_info", "Version of the broker.", "broker", "version")
BROKER_UPTIME = gauge(
    "gridobs_mqtt_broker_uptime_seconds",
    "Seconds since the broker started; of a cluster, the youngest node.",
    "broker",
)
MESSAGES_RECEIVED = counter("gridobs_mqtt_messages_received_total", "MQTT packets of any kind received.", "broker")
MESSAGES_SENT = counter("gridobs_mqtt_messages_sent_total", "MQTT packets of any kind sent.", "broker")
RECEIVED_BYTES = counter("gridobs_mqtt_received_bytes_total", "Bytes received.", "broker")
SENT_BYTES = counter("gridobs_mqtt_sent_bytes_total", "Bytes sent.", "broker")
PUBLISH_RECEIVED = counter("gridobs_mqtt_publish_messages_received_total", "PUBLISH packets received.", "broker")
PUBLISH_SENT = counter("gridobs_mqtt_publish_messages_sent_total", "PUBLISH packets sent.", "broker")
PUBLISH_DROPPED = counter(
    "gridobs_mqtt_publish_messages_dropped_total",
    "PUBLISH packets dropped by queue or inflight limits; HiveMQ counts every loss here.",
    "broker",
)
DROPS = counter(
    "gridobs_mqtt_drops_total",
    "Messages dropped, by the reason the broker gives; Mosquitto gives none.",
    "broker",
    "reason",
)
CONNECTS = counter(
    "gridobs_mqtt_connects_total", "CONNECT packets received; Mosquitto does not count them.", "broker"
)
AUTHENTICATION_FAILURES = counter(
    "gridobs_mqtt_authentication_failures_total", "Clients that did not prove who they are.", "broker"
)
AUTHORIZATION_DENIALS = counter(
    "gridobs_mqtt_authorization_denials_total", "Publications and subscriptions refused by access rules.", "broker"
)
KEEPALIVE_TIMEOUTS = counter(
    "gridobs_mqtt_keepalive_timeouts_total", "Clients cut off because they fell silent.", "broker"
)
SESSIONS_TAKEN_OVER = counter(
    "gridobs_mqtt_sessions_taken_over_total", "Sessions that went to a second client with the same id.", "broker"
)
OVERLOAD_REFUSED = counter(
    "gridobs_mqtt_overload_refused_connections_total",
    "Connections refused by overload protection; there only while EMQX has it on.",
    "broker",
)
OVERLOAD_LEVEL = gauge("gridobs_mqtt_overload_level", "HiveMQ's overload protection level; 0 is none.", "broker")
CLUSTER_NODES = gauge("gridobs_mqtt_cluster_nodes", "Nodes of EMQX's cluster, running or stopped.", "broker", "state")
PUBLISH_RECEIVED_BYTES = counter(
    "gridobs_mqtt_publish_received_bytes_total", "Payload bytes received in PUBLISH packets.", "broker"
)
PUBLISH_SENT_BYTES = counter(
    "gridobs_mqtt_publish_sent_bytes_total", "Payload bytes sent in PUBLISH packets.", "broker"
)
BRIDGE_UP = gauge("gridobs_mqtt_bridge_up", "Whether the bridge is connected.", "broker", "bridge")
CLIENTS_EXPIRED = counter("gridobs_mqtt_clients_expired_total", "Persistent clients removed by expiry.", "broker")
SOCKET_CONNECTIONS = counter("gridobs_mqtt_socket_connections_total", "Sockets opened by clients.", "broker")
CLIENTS_CONNECTED = gauge("gridobs_mqtt_clients_connected", "Clients connected now.", "broker")
CLIENTS_DISCONNECTED = gauge("gridobs_mqtt_clients_disconnected", "Persistent clients that are away now.", "broker")
STORED_MESSAGES = gauge("gridobs_mqtt_stored_messages", "Messages held, retained and queued ones included.", "broker")
STORED_BYTES = gauge("gridobs_mqtt_stored_bytes", "Payload bytes of the messages held.", "broker")
SESSIONS = gauge("gridobs_mqtt_sessions", "Sessions, of clients connected or away.", "broker")
QUEUED_MESSAGES = gauge("gridobs_mqtt_queued_messages", "Messages queued for clients.", "broker")
TOPICS = gauge("gridobs_mqtt_topics", "Topics somebody is subscribed to.", "broker")
SUBSCRIPTIONS = gauge("gridobs_mqtt_subscriptions", "Subscriptions.", "broker")
SHARED_SUBSCRIPTIONS = gauge("gridobs_mqtt_shared_subscriptions", "Shared subscriptions.", "broker")
RETAINED_MESSAGES = gauge("gridobs_mqtt_retained_messages", "Retained messages.", "broker")
HEAP_BYTES = gauge("gridobs_mqtt_heap_bytes", "Memory the broker uses, as far as it says.", "broker")
OUTGOING_PACKETS = gauge("gridobs_mqtt_outgoing_packets", "Packets waiting to be sent.", "broker")
OUTGOING_PACKET_BYTES = gauge("gridobs_mqtt_outgoing_packet_bytes", "Bytes waiting to be sent.", "broker")
SOCKETS_PER_MINUTE = gauge(
    "gridobs_mqtt_sockets_per_minute", "Sockets opened, moving average; Mosquitto 2.0 has no counter.", "broker"
)
CONNECTIONS_PER_MINUTE = gauge(
    "gridobs_mqtt_connections_per_minute", "CONNECTs, moving average; Mosquitto has no counter.", "broker"
)

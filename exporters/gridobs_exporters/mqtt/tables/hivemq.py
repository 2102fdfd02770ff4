"""HiveMQ: ``/metrics`` of its Prometheus extension, on port 9399. Dropwizard's names, so counters come as gauges.

Names of the community edition were read in ``src/main/java/com/hivemq/metrics/HiveMQMetrics.java`` of
hivemq/hivemq-community-edition, those of the others in ``hivemq/datadog_checks/hivemq/metrics.py`` of
DataDog/integrations-core, which maps this very page; dots and hyphens become ``_``. A suffix that it was told to
append to every name is not supported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs_exporters.mqtt.tables.page import Row, Source, Table
from gridobs_exporters.names import mqtt as names

if TYPE_CHECKING:
    from gridobs_exporters.metric import Metric

_COMMUNITY = "hivemq/hivemq-community-edition src/main/java/com/hivemq/metrics/HiveMQMetrics.java"
_OTHERS = "DataDog/integrations-core hivemq/datadog_checks/hivemq/metrics.py"


def _row(metric: Metric, *sources: str, labels: tuple[str, ...] = (), cite: str = _COMMUNITY) -> Row:
    plus = [Source(f"com_hivemq_{name}") for name in sources]
    return Row(metric=metric, plus=plus, labels=labels, since="3.0" if cite == _COMMUNITY else "", cite=cite)


def _drop(reason: str, *sources: str) -> Row:
    return _row(names.DROPS, *sources, labels=(reason,), cite=_OTHERS)


HIVEMQ = Table(
    example="http://broker:9399/metrics",
    rows=(
        _row(names.MESSAGES_RECEIVED, "messages_incoming_total_count"),
        _row(names.MESSAGES_SENT, "messages_outgoing_total_count"),
        _row(names.RECEIVED_BYTES, "networking_bytes_read_total"),
        _row(names.SENT_BYTES, "networking_bytes_write_total"),
        _row(names.PUBLISH_RECEIVED, "messages_incoming_publish_count"),
        _row(names.PUBLISH_SENT, "messages_outgoing_publish_count"),
        _row(names.PUBLISH_DROPPED, "messages_dropped_count"),
        _drop("queue_full", "messages_dropped_queue_full_count"),
        _drop("qos0_memory", "messages_dropped_qos_0_memory_exceeded_count"),
        _drop(
            "too_large",
            "messages_dropped_message_too_large_count",
            "messages_dropped_mqtt_packet_too_large_count",
        ),
        _drop("not_writable", "messages_dropped_not_writable_count"),
        _drop("internal_error", "messages_dropped_internal_error_count"),
        _drop("expired", "messages_expired_messages"),
        _drop("no_subscribers", "publish_without_matching_subscribers"),
        _row(names.CONNECTS, "messages_incoming_connect_count"),
        _row(names.KEEPALIVE_TIMEOUTS, "keep_alive_disconnect_count", cite=_OTHERS),
        _row(names.OVERLOAD_LEVEL, "overload_protection_level", cite=_OTHERS),
        _row(names.CLIENTS_CONNECTED, "networking_connections_current"),
        _row(names.SESSIONS, "sessions_overall_current"),
        _row(names.QUEUED_MESSAGES, "messages_queued_count", cite=_OTHERS),
        _row(names.SUBSCRIPTIONS, "subscriptions_overall_current"),
        _row(names.RETAINED_MESSAGES, "messages_retained_current"),
    ),
)

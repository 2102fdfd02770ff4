"""VerneMQ: ``/metrics``, each sample with ``node``; counters lack ``_total``.

Read in ``vmq_metrics.erl`` (names, labels) and ``vmq_metrics_http.erl`` (format) below ``apps/vmq_server/src`` of
vernemq/vernemq. What exists for MQTT 3 and 5 comes once with ``mqtt_version="4"`` and once with ``"5"`` and is added
up; CONNACKs have ``return_code`` in the one and ``reason_code`` in the other, with the same words. All of them
are there from the start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs_exporters.mqtt.tables.page import Fold, Row, Source, Table
from gridobs_exporters.names import mqtt as names

if TYPE_CHECKING:
    from gridobs_exporters.metric import Metric

_CODE = "vernemq/vernemq apps/vmq_server/src/vmq_metrics.erl"
_NOT_THEM = ("bad_username_or_password", "not_authorized")


def _row(
    metric: Metric,
    *plus: str | Source,
    minus: tuple[str, ...] = (),
    labels: tuple[str, ...] = (),
    fold: Fold = Fold.SUM,
    scale: float = 1.0,
) -> Row:
    return Row(
        metric=metric,
        plus=[source if isinstance(source, Source) else Source(source) for source in plus],
        minus=[Source(name) for name in minus],
        labels=labels,
        fold=fold,
        scale=scale,
        cite=_CODE,
    )


VERNEMQ = Table(
    example="http://broker:8888/metrics",
    rows=(
        _row(names.BROKER_UPTIME, "system_wallclock", fold=Fold.LEAST, scale=0.001),
        _row(names.RECEIVED_BYTES, "bytes_received"),
        _row(names.SENT_BYTES, "bytes_sent"),
        _row(names.PUBLISH_RECEIVED, "mqtt_publish_received"),
        _row(names.PUBLISH_SENT, "mqtt_publish_sent"),
        _row(names.PUBLISH_DROPPED, "queue_message_drop"),
        _row(names.DROPS, "queue_message_drop", labels=("queue_full",)),
        _row(names.DROPS, "queue_message_expired", labels=("expired",)),
        _row(names.DROPS, "queue_message_unhandled", labels=("clean_start",)),
        _row(names.CONNECTS, "mqtt_connect_received"),
        _row(
            names.AUTHENTICATION_FAILURES,
            Source("mqtt_connack_sent", {"mqtt_version": ("4",), "return_code": _NOT_THEM}),
            Source("mqtt_connack_sent", {"mqtt_version": ("5",), "reason_code": _NOT_THEM}),
        ),
        _row(names.AUTHORIZATION_DENIALS, "mqtt_publish_auth_error", "mqtt_subscribe_auth_error"),
        _row(names.KEEPALIVE_TIMEOUTS, "client_keepalive_expired"),
        _row(names.SOCKET_CONNECTIONS, "socket_open"),
        _row(names.CLIENTS_CONNECTED, "socket_open", minus=("socket_close",)),  # as its own dashboards have it
        _row(names.SESSIONS, "queue_processes"),
        _row(names.SUBSCRIPTIONS, "router_subscriptions"),
        _row(names.RETAINED_MESSAGES, "retain_messages"),
        _row(names.HEAP_BYTES, "vm_memory_total"),
    ),
)

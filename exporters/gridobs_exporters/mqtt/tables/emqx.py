"""EMQX 5 and 6: ``/api/v5/prometheus/stats``. Its counters lack ``_total``, and NaN occurs.

Read in ``apps/emqx_prometheus/src/emqx_prometheus.erl`` of emqx/emqx and, for what came later, in "Broker Health
Indicators" of its documentation. With ``mode=all_nodes_unaggregated`` most series come once a node and are added up;
what the whole cluster agrees on comes without ``node`` or the same from all nodes.

Not taken: ``emqx_messages_dropped``, which counts publications nobody subscribed to; ``emqx_connections_count``,
which counts sessions whose client is away; ``emqx_vm_used_memory``, which is the machine's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs_exporters.mqtt.tables.page import Fold, Row, Source, Table
from gridobs_exporters.names import mqtt as names

if TYPE_CHECKING:
    from gridobs_exporters.metric import Metric

_CODE = "emqx/emqx apps/emqx_prometheus/src/emqx_prometheus.erl"
_DOCS = "docs.emqx.com en/emqx/latest/observability/broker-health-indicators.md"


def _row(
    metric: Metric,
    *sources: str,
    labels: tuple[str, ...] = (),
    fold: Fold = Fold.SUM,
    scale: float = 1.0,
    since: str = "5.0",
    cite: str = _CODE,
) -> Row:
    plus = [Source(name) for name in sources]
    return Row(metric=metric, plus=plus, labels=labels, fold=fold, scale=scale, since=since, cite=cite)


def _drop(reason: str, source: str, *, since: str = "5.0", cite: str = _CODE) -> Row:
    return _row(names.DROPS, source, labels=(reason,), since=since, cite=cite)


EMQX = Table(
    example="http://broker:18083/api/v5/prometheus/stats?mode=node",
    rows=(
        _row(names.BROKER_UPTIME, "emqx_vm_uptime_ms", fold=Fold.LEAST, scale=0.001, since="6", cite=_DOCS),
        _row(names.MESSAGES_RECEIVED, "emqx_packets_received"),
        _row(names.MESSAGES_SENT, "emqx_packets_sent"),
        _row(names.RECEIVED_BYTES, "emqx_bytes_received"),
        _row(names.SENT_BYTES, "emqx_bytes_sent"),
        _row(names.PUBLISH_RECEIVED, "emqx_packets_publish_received"),
        _row(names.PUBLISH_SENT, "emqx_packets_publish_sent"),
        _row(names.PUBLISH_DROPPED, "emqx_delivery_dropped_queue_full", "emqx_delivery_dropped_qos0_msg"),
        _drop("queue_full", "emqx_delivery_dropped_queue_full"),
        _drop("qos0_not_queued", "emqx_delivery_dropped_qos0_msg"),
        _drop("expired", "emqx_delivery_dropped_expired"),
        _drop("too_large", "emqx_delivery_dropped_too_large"),
        _drop("no_local", "emqx_delivery_dropped_no_local"),
        _drop("no_subscribers", "emqx_messages_dropped_no_subscribers"),
        _drop("quota_exceeded", "emqx_messages_dropped_quota_exceeded", since="6", cite=_DOCS),
        _drop("receive_maximum", "emqx_messages_dropped_receive_maximum", since="6", cite=_DOCS),
        # What its name calls expired is messages.dropped.await_pubrel_timeout.
        _drop("pubrel_timeout", "emqx_messages_dropped_expired"),
        _row(names.CONNECTS, "emqx_packets_connect"),
        _row(names.AUTHENTICATION_FAILURES, "emqx_authentication_failure", since="5.8"),
        _row(names.AUTHORIZATION_DENIALS, "emqx_authorization_deny", since="5.8"),
        _row(names.SESSIONS_TAKEN_OVER, "emqx_session_takenover"),
        _row(names.OVERLOAD_REFUSED, "emqx_overload_protection_new_conn", since="5.8"),
        _row(names.CLUSTER_NODES, "emqx_cluster_nodes_running", labels=("running",), fold=Fold.MOST),
        _row(names.CLUSTER_NODES, "emqx_cluster_nodes_stopped", labels=("stopped",), fold=Fold.MOST),
        _row(names.CLIENTS_CONNECTED, "emqx_live_connections_count", since="5.8", cite=_DOCS),
        _row(names.SESSIONS, "emqx_sessions_count"),
        _row(names.TOPICS, "emqx_topics_count", fold=Fold.MOST),
        _row(names.SUBSCRIPTIONS, "emqx_subscriptions_count"),
        _row(names.SHARED_SUBSCRIPTIONS, "emqx_subscriptions_shared_count", fold=Fold.MOST),
        _row(names.RETAINED_MESSAGES, "emqx_retained_count", fold=Fold.MOST),
    ),
)

"""NanoMQ: ``/api/v4/prometheus``, behind basic authentication. Its counters lack ``_total``.

Read in ``nanomq/rest_api.c`` (what is printed) and ``nanomq/pub_handler.c`` (what is counted) of nanomq/nanomq.
Numbers are printed with ``%d``: past 2^31 they are negative and left out. A build without ``STATISTICS`` shows 0.

``nanomq_messages_dropped`` counts publications nobody subscribed to, so it is no loss. Not taken:
``nanomq_subscribers_count``, which counts clients, and ``bridge_<name>_*``, which say nothing of a bridge being up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs_exporters.mqtt.tables.page import Row, Source, Table
from gridobs_exporters.names import mqtt as names

if TYPE_CHECKING:
    from gridobs_exporters.metric import Metric

_PRINTED = "nanomq/nanomq nanomq/rest_api.c"
_COUNTED = "nanomq/nanomq nanomq/pub_handler.c"


def _row(metric: Metric, source: str, *, labels: tuple[str, ...] = (), cite: str = _PRINTED) -> Row:
    return Row(metric=metric, plus=[Source(source)], labels=labels, cite=cite)


NANOMQ = Table(
    example="http://broker:8081/api/v4/prometheus",
    rows=(
        _row(names.PUBLISH_RECEIVED, "nanomq_messages_received", cite=_COUNTED),
        _row(names.PUBLISH_SENT, "nanomq_messages_sent", cite=_COUNTED),
        _row(names.DROPS, "nanomq_messages_dropped", labels=("no_subscribers",), cite=_COUNTED),
        _row(names.CLIENTS_CONNECTED, "nanomq_connections_count"),
        _row(names.SESSIONS, "nanomq_sessions_count"),
        _row(names.TOPICS, "nanomq_topics_count"),
        _row(names.HEAP_BYTES, "nanomq_memory_usage"),
    ),
)

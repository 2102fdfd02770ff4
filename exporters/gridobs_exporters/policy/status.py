"""What OPA says of decisions it dropped, in the status it sends.

Form: https://www.openpolicyagent.org/docs/management-status; the names of the counters stand in OPA's
v1/plugins/logs/plugin.go.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import Any, Final

_BUILT_IN = "<built-in>"
REASONS: Final = {
    "counter_decision_logs_dropped_rate_limit_exceeded": "rate_limit",
    "counter_decision_logs_dropped_buffer_size_limit_exceeded": "buffer_full",
    "counter_decision_logs_dropped_buffer_size_limit_bytes_exceeded": "buffer_full",
    "counter_decision_logs_encoding_failure": "encoding",
    "counter_enc_log_exceeded_upload_size_limit_bytes": "too_large",
}
_MOST_INSTANCES = 100
_HIGHEST = 2**53


class Drops:
    """Adds up the counters of several OPAs, each of which begins at 0 when it starts."""

    def __init__(self) -> None:
        self.total: Counter[str] = Counter(dict.fromkeys(REASONS.values(), 0))
        self._seen: OrderedDict[str, dict[str, int]] = OrderedDict()

    def take(self, status: Any) -> bool:  # noqa: ANN401 - whatever JSON can say
        """Count what is new in one status; False if it is none.

        The first status of an instance counts nothing: what it dropped may have been counted before we started.
        """
        if not isinstance(status, dict):
            return False
        labels, metrics = status.get("labels"), status.get("metrics")
        instance = labels.get("id") if isinstance(labels, dict) else None
        if not isinstance(instance, str):
            return False
        counters = metrics.get(_BUILT_IN) if isinstance(metrics, dict) else None
        before = self._seen.pop(instance, None)
        now = dict(before or {})
        for name, reason in REASONS.items():
            value = counters.get(name) if isinstance(counters, dict) else None
            if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _HIGHEST:
                past = now.get(name, 0)
                if before is not None:
                    self.total[reason] += value - past if value >= past else value
                now[name] = value
        self._seen[instance] = now
        if len(self._seen) > _MOST_INSTANCES:
            self._seen.popitem(last=False)
        return True

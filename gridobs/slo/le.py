"""How the edge of a histogram bucket is spelled.

Prometheus 2 stores ``le`` as the client wrote it, ``5`` or ``5.0``; Prometheus 3 always as ``5.0``. Only whole
numbers differ. Source: Prometheus 3 migration guide, "le and quantile label values".
"""

from __future__ import annotations

import re

from gridobs.slo.promql import PrometheusVersion

_WHOLE = re.compile(r"""\ble\s*(?:=\s*"(?P<plain>\d+)(?:\.0)?"|=~\s*"(?P<either>\d+)\(\\\\\.0\)\?")""")


def spelled(expr: str, version: PrometheusVersion) -> str:
    """``expr`` with every whole edge so that ``version`` and later ones find it, however their clients write it."""

    def edge(found: re.Match[str]) -> str:
        whole = found["plain"] or found["either"]
        return f'le="{whole}.0"' if version is PrometheusVersion.V3 else rf'le=~"{whole}(\\.0)?"'

    return _WHOLE.sub(edge, expr)

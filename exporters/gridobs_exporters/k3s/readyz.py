"""``/readyz?verbose``: a line for each check.

``[+]etcd ok`` or ``[-]etcd failed: reason withheld``, and a last line that sums up
(k8s.io/apiserver/pkg/server/healthz).
"""

from __future__ import annotations

import re

PATH = "/readyz?verbose"
PASSED = b"readyz check passed"  # the last line, so that an answer cut short does not pass
MAIN_CHECKS = ("etcd", "etcd-readiness", "informer-sync")
MAX_OTHERS = 2  # failing checks besides, so that their number is bounded

_LINE = re.compile(rb"\[([+-])\]([A-Za-z0-9/._-]{1,120}) (?:ok|excluded.*|failed.*)")


def parse_readyz(body: bytes) -> dict[str, bool]:
    """Whether each check passes, by its name; empty if the API server did not write this."""
    matches = (_LINE.fullmatch(line.strip()) for line in body.split(b"\n"))
    return {match[2].decode(): match[1] == b"+" for match in matches if match}


def worth_telling(checks: dict[str, bool]) -> dict[str, bool]:
    """The main checks, and the first others that fail."""
    failing = sorted(name for name, passes in checks.items() if not passes and name not in MAIN_CHECKS)
    return {name: checks[name] for name in (*MAIN_CHECKS, *failing[:MAX_OTHERS]) if name in checks}

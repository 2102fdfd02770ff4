"""When certificates expire, from how long they are still good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gridobs_exporters.k3s.kubelet import Certificates

SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Certificate:
    """``expiry`` in Unix seconds."""

    expiry: float
    node: str
    subject: str
    usages: str


class CertificateLedger:
    """Turns seconds that were left at some time within the last 30 min into times, and keeps these still.

    The same number of seconds as before means that K3s has not looked again: the time it gave then is the better one.
    """

    def __init__(self) -> None:
        self._seen: dict[str, dict[tuple[str, str], tuple[float, float]]] = {}

    def note(self, node: str, left: Certificates, *, wall: float) -> None:
        before = self._seen.get(node, {})
        self._seen[node] = {
            key: known if (known := before.get(key)) and known[0] == seconds else (seconds, wall + seconds)
            for key, seconds in left.items()
        }

    def soonest(self, nodes: Iterable[str]) -> list[Certificate]:
        """Those of ``nodes`` that expire first; which expire together are in the order of their names."""
        return sorted(
            Certificate(expiry=expiry, node=node, subject=subject, usages=usages)
            for node in nodes
            for (subject, usages), (_, expiry) in self._seen.get(node, {}).items()
        )[:SHOWN]

"""kine's time per SQL operation as one histogram that outlives the nodes it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs_exporters.k3s.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gridobs_exporters.k3s.kubelet import SqlTimes
    from gridobs_exporters.k3s.tally import Labels
    from gridobs_exporters.metric import Cumulative

_SUM = ("sum",)


class SqlHistogram:
    """Increases by edge; it starts anew when an upgrade of kine changes the edges, which is a counter's restart."""

    def __init__(self) -> None:
        self._edges: tuple[str, ...] = ()
        self._tally = Tally()

    def note(self, node: str, times: SqlTimes) -> None:
        if times.edges != self._edges:
            self._edges = times.edges
            self._tally = Tally()
        values: dict[Labels, float] = {(edge,): value for edge, value in times.buckets.items()}
        self._tally.note(node, {**values, _SUM: times.total})

    def cumulative(self) -> Cumulative | None:
        """As ``Histogram.cumulative``; None if no node has such a datastore."""
        if not self._edges:
            return None
        sums = self._tally.sums()
        return [(edge, sums[edge,]) for edge in self._edges], sums[_SUM]

    def keep(self, nodes: Iterable[str]) -> None:
        """Forget the other nodes; what they counted stays."""
        self._tally.keep(nodes)

"""What ``/federate`` of a site answers, as text: untyped, with times and external labels.

The form is that of Prometheus (web/federate.go): labels of the series in order, then the external labels in order, to
which ``instance=""`` counts; one ``# TYPE`` line a name; times in milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.simulation.values import Formulas

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gridobs.fleet.simulation.shape import SimulatedSeries
    from gridobs.fleet.simulation.values import Site

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_TIME, _EXTERNAL = "@t", "@e"  # no name, label or value of ours holds an @


class Exposition:
    """The answers of all sites; all of them but names, values and times is made once."""

    def __init__(self, series: Sequence[SimulatedSeries], *, interval: float) -> None:
        """Prepare it.

        Args:
            series: that each site has, in the order of their names.
            interval: seconds between two evaluations of a site's rules.
        """
        self._formulas = Formulas(series, interval=interval)
        self._template = "".join(_lines(series))

    def text(self, site: Site, now: float, *, claims: str, region: str) -> str:
        """What ``site`` answers when its clock shows ``now``, Unix seconds.

        Args:
            site: whose values it tells.
            now: by the clock of the site.
            claims: who it says it is.
            region: it says it is in.
        """
        at = site.evaluated_at(now)
        values = tuple(map(number, self._formulas.values(site, at)))
        external = f'instance="",{names.LABEL_REGION}="{region}",{names.LABEL_SITE}="{claims}"'
        return self._template.replace(_EXTERNAL, external).replace(_TIME, str(round(1000 * at))) % values


def _lines(series: Sequence[SimulatedSeries]) -> Iterator[str]:
    name = None
    for one in series:
        if one.name != name:
            name = one.name
            yield f"# TYPE {name} untyped\n"
        labels = "".join(f'{label}="{value}",' for label, value in one.labels)
        yield f"{name}{{{labels}{_EXTERNAL}}} %s {_TIME}\n"


def number(value: float) -> str:
    """As Go writes it: whole numbers without a fraction."""
    return str(int(value)) if value == int(value) else repr(value)

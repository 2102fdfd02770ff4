"""Asking the hub which sites have holes, in as little as a thousand sites need.

One question finds the sites that went without a sample of the reference for long at any time: a subquery that counts
the steps at which there was one. The server reads much for it and answers one number a site. Raw samples are read of
the sites that it finds alone. A hole can only end between two surveys, so all but the first and one now and then need
not look back further than the one before.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.errors import UsageError
from gridobs.fleet.backfill.holes import Tempo, find_holes
from gridobs.fleet.model import Transport
from gridobs.prometheus import matcher_of_any, selector

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gridobs.fleet.backfill.holes import Span
    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.model import Fleet
    from gridobs.prometheus import Client

_OVERLAP = 4  # how often the quiet time of a site two surveys have in common
_RECENT = "10m"  # in which a pull must have been tried, for a site to be one that this Prometheus pulls
_SITES_AT_A_TIME = 20  # whose raw samples come in one answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What the hub holds not.

    Attributes:
        pulled: how many sites this Prometheus pulls.
        dark: ids of those that it does not reach now, and which therefore cannot be asked; sorted.
        holes: by id, of sites that have any.
    """

    pulled: int
    dark: tuple[str, ...]
    holes: Mapping[str, tuple[Span, ...]]


def interval_of_reference(egress: Egress) -> int:
    """Seconds between two samples of the reference at a site.

    Raises:
        UsageError: no rule records it.
    """
    intervals = [one.interval for one in egress.series if one.name == names.SITE_HEARTBEAT]
    if not intervals:
        raise UsageError(f"no rule records {names.SITE_HEARTBEAT}, by which holes are found; see --sources")
    return min(intervals)


def tempos(fleet: Fleet, egress: Egress) -> dict[str, Tempo]:
    """Of each watched site that the hub pulls, by id. Those that push may not be dialled."""
    interval = interval_of_reference(egress)
    return {
        site.id: Tempo(interval=interval, pull=site.scrape_interval or fleet.hub.scrape_interval)
        for site in fleet.watched
        if site.transport is Transport.PULL
    }


def survey(
    client: Client,
    paces: Mapping[str, Tempo],
    *,
    now: float,
    look_back: float,
    known: Collection[str] = (),
    before: float | None = None,
) -> Survey:
    """The holes of the ``look_back`` seconds up to Unix second ``now``, of the sites in ``paces``.

    Args:
        client: the hub.
        paces: of the sites, by id.
        now: Unix seconds.
        look_back: seconds.
        known: ids of sites that had a hole at the survey before.
        before: Unix second of that; None looks at everything.

    Raises:
        ServerError: the hub does not answer.
    """
    up = client.query(
        f"max by ({names.LABEL_SITE}) (last_over_time({selector('up', job=names.JOB_EDGE)}[{_RECENT}]))", now
    )
    reached = {sample.labels.get(names.LABEL_SITE, ""): sample.value > 0 for sample in up}
    groups: dict[Tempo, list[str]] = defaultdict(list)
    for site, tempo in paces.items():
        if reached.get(site):
            groups[tempo].append(site)
    holes: dict[str, tuple[Span, ...]] = {}
    for tempo, sites in sorted(groups.items()):
        recent = look_back if before is None else min(look_back, now - before + _OVERLAP * tempo.quiet)
        lacking = _lacking(client, tempo, now=now, look_back=recent)
        suspects = [site for site in sites if site in lacking or site in known]
        for at in range(0, len(suspects), _SITES_AT_A_TIME):
            held = _held(client, suspects[at : at + _SITES_AT_A_TIME], now=now, look_back=look_back)
            for site, times in held.items():
                found = find_holes(times, since=math.ceil(1000 * (now - look_back)), threshold=tempo.threshold)
                if found:
                    holes[site] = found
    return Survey(
        pulled=sum(site in reached for site in paces),
        dark=tuple(sorted(site for site in paces if reached.get(site) is False)),
        holes=dict(sorted(holes.items())),
    )


def presence(tempo: Tempo, *, now: float, look_back: float) -> tuple[str, float, int]:
    """A query that counts steps with a sample, when to ask it, and the count of a site without a hole.

    A hole is longer than ``quiet`` and a step together, so at least one step has no sample in the ``quiet`` seconds
    before. Steps are multiples of the interval; asking in the middle between two makes their number certain.
    """
    step = tempo.interval
    steps = int(look_back // step)
    at = (now - tempo.quiet) // step * step + step / 2
    there = f"count_over_time({names.SITE_HEARTBEAT}[{tempo.quiet}s])"
    return f"count_over_time({there}[{steps * step}s:{step}s])", at, steps


def _lacking(client: Client, tempo: Tempo, *, now: float, look_back: float) -> set[str]:
    """The sites that may have a hole. One of which there is nothing at all has none: it has not begun.

    A site whose region changed has two series, both with fewer steps; it is looked at more closely, and that is all.
    """
    query, at, steps = presence(tempo, now=now, look_back=look_back)
    return {row.labels.get(names.LABEL_SITE, "") for row in client.query(query, at) if row.value < steps}


def _held(client: Client, sites: Sequence[str], *, now: float, look_back: float) -> dict[str, list[int]]:
    """The times of the reference's samples at the hub, in milliseconds."""
    query = f"{names.SITE_HEARTBEAT}{{{matcher_of_any(names.LABEL_SITE, *sites)}}}[{math.ceil(look_back)}s]"
    times: dict[str, list[int]] = defaultdict(list)
    for row in client.ask("query", {"query": query, "time": f"{now:.3f}"})["result"]:
        times[row["metric"][names.LABEL_SITE]] += [round(1000 * at) for at, _ in row["values"]]
    return times

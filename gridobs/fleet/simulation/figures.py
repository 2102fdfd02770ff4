"""The figures of a whole run, asked of the hub and of the edges at its end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.simulation.watch import FIRING, UP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridobs.fleet.simulation.control import SiteCounts
    from gridobs.prometheus import Client

_P99 = 0.99
_OF_THE_JOB = f'{{job="{names.JOB_EDGE}"}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrapes:
    """All scrapes of some sites in some time. ``p99`` is of their durations, in seconds."""

    count: int
    failed: int
    p99: float


def read_scrapes(prometheus: Client, *, seconds: float, without: frozenset[str]) -> Scrapes:
    """The scrapes of the last ``seconds``, of all sites but those ``without``."""
    window = f"[{max(1, math.ceil(seconds))}s]"
    answers = [value for site, value in _samples(prometheus, UP + window) if site not in without]
    durations = [
        value
        for site, value in _samples(prometheus, f"scrape_duration_seconds{_OF_THE_JOB}{window}")
        if site not in without
    ]
    return Scrapes(count=len(answers), failed=answers.count(0.0), p99=quantile(durations, _P99))


def read_samples_rate(prometheus: Client, *, seconds: float) -> float:
    """Samples a second that the hub stored of its sites."""
    window = f"[{max(1, math.ceil(seconds))}s]"
    found = prometheus.query(f"sum(sum_over_time(scrape_samples_post_metric_relabeling{_OF_THE_JOB}{window}))")
    return found[0].value / seconds if found else 0.0


def read_rule_failures(prometheus: Client) -> int:
    """How many evaluations of a rule failed since the hub was started, as the hub tells of itself."""
    found = prometheus.query(f'sum(prometheus_rule_evaluation_failures_total{{job="{names.JOB_HUB}"}})')
    return int(found[0].value) if found else 0


def read_ungrouped(prometheus: Client, *, seconds: float) -> int:
    """How many alerts fired in the last ``seconds``, each with its own labels counted once; without the watchdog."""
    fired = f'ALERTS{{alertstate="{FIRING}", alertname!="{names.HUB_ALERT_WATCHDOG}"}}'
    found = prometheus.query(f"count(last_over_time({fired}[{max(1, math.ceil(seconds))}s]))")
    return int(found[0].value) if found else 0


def read_stored(prometheus: Client, selectors: Sequence[str], *, seconds: float) -> dict[str, int]:
    """How many series each selector found in the last ``seconds``."""
    stored = {}
    for selector in selectors:
        found = prometheus.query(f"count(last_over_time({selector}[{max(1, math.ceil(seconds))}s]))")
        stored[selector] = int(found[0].value) if found else 0
    return stored


def body_bytes(
    before: Mapping[str, SiteCounts], after: Mapping[str, SiteCounts], *, without: frozenset[str]
) -> tuple[float, float]:
    """The mean bytes of an answer of a site in between: of its body, and with the heads of HTTP."""
    sites = [site for site in after if site not in without]
    answered = sum(after[site].answered - before[site].answered for site in sites) or 1
    body = sum(after[site].body_bytes - before[site].body_bytes for site in sites)
    wire = sum(after[site].wire_bytes - before[site].wire_bytes for site in sites)
    return body / answered, wire / answered


def quantile(values: Sequence[float], rank: float) -> float:
    """The least value that ``rank`` of all do not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(rank * len(ordered)) - 1)] if ordered else 0.0


def _samples(prometheus: Client, expression: str) -> list[tuple[str, float]]:
    """Every raw sample of a range vector, with the site it is of."""
    result = prometheus.ask("query", {"query": expression})["result"]
    return [(row["metric"][names.LABEL_SITE], float(value)) for row in result for _, value in row["values"]]

"""Whether what was seen is what must be seen. Pure: figures in, checks out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridobs.fleet.simulation.comparison import Comparison
    from gridobs.fleet.simulation.observation import Observation
    from gridobs.fleet.simulation.scenario import Expectation
    from gridobs.fleet.simulation.settings import Settings

SUCCESS_LEAST = 0.999
CPU_MOST = 0.15
RSS_MOST = 1_500_000_000
P99_MOST = 0.1
_REFERENCE_RATE = 1000 * 200 / 30  # samples a second at which the figures of the hub are promised
_REFERENCE_SITES = 1000
_REFERENCE_SERIES = 200_000
_BODY_RATE = 150 / (200 / 30)  # bytes of one sample
_FIRST_CONTACT = 5.0
_LOOK = 2.0  # seconds between two looks, which is how exactly a time is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the verdict; ``met`` is None for what is told and not judged."""

    what: str
    target: str
    found: str
    met: bool | None


def judge(settings: Settings, expectation: Expectation, seen: Observation) -> tuple[Check, ...]:
    """All checks, in the order in which a reader wants them."""
    well = len(expectation.dark) < settings.sites
    return (
        *_hub(settings, seen),
        *(_sites(settings, seen) if well else ()),  # of sites without a fault, and there are none
        *((_stored(f"{settings.real} real sites", seen.real),) if settings.real else ()),
        *_fault(settings, expectation, seen),
    )


def is_met(checks: tuple[Check, ...]) -> bool:
    return all(check.met is not False for check in checks)


def _hub(settings: Settings, seen: Observation) -> Iterator[Check]:
    promised = (
        settings.sites * settings.series <= _REFERENCE_SERIES
        and settings.sites * settings.series / settings.interval <= _REFERENCE_RATE * 1.001
    )
    yield _bounded("hub CPU, of one core", seen.hub_cpu, CPU_MOST, promised=promised, form="{:.1%}")
    yield _bounded("hub memory, the most", seen.hub_rss / 1e6, RSS_MOST / 1e6, promised=promised, form="{:.0f} MB")
    yield Check(
        what="evaluations of rules that failed",
        target="0",
        found=str(seen.rule_failures),
        met=seen.rule_failures == 0,
    )


def _sites(settings: Settings, seen: Observation) -> Iterator[Check]:
    share = 1 - seen.scrapes_failed / seen.scrapes if seen.scrapes else 0.0
    yield Check(
        what="scrapes that succeeded, of sites without a fault",
        target=f">= {SUCCESS_LEAST:.1%}",
        found=f"{share:.3%} of {seen.scrapes}",
        met=share >= SUCCESS_LEAST,
    )
    yield _bounded(
        "scrape duration, P99, of sites without a fault",
        seen.scrape_p99 * 1000,
        P99_MOST * 1000,
        promised=settings.sites <= _REFERENCE_SITES,
        form="{:.1f} ms",
    )
    yield _stored("simulated sites", seen.told)
    yield _bounded(
        "body of one site",
        seen.body_rate,
        _BODY_RATE * settings.series / settings.interval,
        promised=True,
        form="{:.1f} B/s",
    )


def _stored(what: str, compared: Comparison) -> Check:
    return Check(
        what=f"samples of {what} that differ at the hub",
        target="0",
        found=f"{compared.different} of {compared.compared}",
        met=compared.different == 0 and compared.compared > 0,
    )


def _fault(settings: Settings, expectation: Expectation, seen: Observation) -> Iterator[Check]:
    hub = settings.hub
    if expectation.dark:
        deadline = expectation.dark_turns * hub.scrape_interval + hub.scrape_timeout
        count = len(expectation.dark)
        yield _timed(f"{count} sites known dark", seen.dark_after, deadline, missed=seen.dark_missed)
        if expectation.stays_dark:
            yield Check(
                what="sites counted beyond those alive, in guarded aggregates",
                target="0",
                found="not seen" if seen.stale is None else str(seen.stale),
                met=seen.stale == 0,
            )
        yield _timed("all sites back", seen.back_after, hub.scrape_interval + _FIRST_CONTACT)
    for name, count in sorted(expectation.alerts.items()):
        found = seen.firing.get(name, 0)
        yield Check(what=f"{name} fires", target=str(count), found=str(found), met=found == count)
    judged = expectation.notifications is not None
    yield Check(
        what=f"notifications; without grouping {seen.ungrouped}",
        target=str(expectation.notifications) if judged else "told",
        found=", ".join([str(seen.notifications), *(f"{name} {n}" for name, n in sorted(seen.notified.items()))]),
        met=seen.notifications == expectation.notifications if judged else None,
    )
    for selector in expectation.absent:
        found = seen.stored.get(selector, 0)
        yield Check(what=f"series stored of {selector}", target="0", found=str(found), met=found == 0)


def _bounded(what: str, found: float, most: float, *, promised: bool, form: str) -> Check:
    """A figure that must not exceed a bound; where nothing is promised, it is told and not judged."""
    target = f"<= {form.format(most)}" if promised else "told"
    return Check(what=what, target=target, found=form.format(found), met=found <= most if promised else None)


def _timed(what: str, after: float | None, deadline: float, *, missed: int = 0) -> Check:
    found = f"after {after:.0f} s" if after is not None else f"never, {missed} missed" if missed else "never"
    met = after is not None and after <= deadline + _LOOK
    return Check(what=what, target=f"within {deadline:.0f} s", found=found, met=met)

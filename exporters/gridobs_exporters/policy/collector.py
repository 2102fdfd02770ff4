"""The ``policy`` collector: what OPAs decided, and whether they are well."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gridobs_exporters.fetch import Fetcher, FetchError
from gridobs_exporters.metric import Samples
from gridobs_exporters.names import policy as names
from gridobs_exporters.policy.batches import Limits
from gridobs_exporters.policy.counts import Counts, PathLimits
from gridobs_exporters.policy.decisions import Meaning
from gridobs_exporters.policy.receiver import Receiver
from gridobs_exporters.scrape import ONLY, Collector, Reading

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.pages import Route

log = logging.getLogger(__name__)

HEALTH = "/health?bundles&plugins"
_LARGEST_HEALTH = 65_536
_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Opa:
    """An OPA whose health is asked for. ``name`` is its label, ``timeout`` in seconds."""

    name: str
    url: str
    timeout: float
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySettings:
    opas: Sequence[Opa] = ()
    paths: PathLimits = field(default_factory=PathLimits)
    limits: Limits = field(default_factory=Limits)
    meaning: Meaning = field(default_factory=Meaning)


class PolicyCollector(Collector):
    """Counts what is sent to it, and asks the OPAs it knows for their health at each scrape."""

    name = "policy"
    up = names.UP

    def __init__(self, settings: PolicySettings, *, clock: Clock) -> None:
        self.targets = tuple(opa.name for opa in settings.opas) or (ONLY,)
        self._counts = Counts(settings.paths, clock=clock)
        self._receiver = Receiver(self._counts, limits=settings.limits, meaning=settings.meaning, clock=clock)
        self._opas = [_Health(opa) for opa in settings.opas]

    def routes(self) -> Sequence[Route]:
        return self._receiver.routes()

    def collect(self) -> Reading:
        samples = Samples()
        self._counts.add_to(samples)
        self._receiver.add_to(samples)
        if not self._opas:
            return Reading(up={ONLY: True}, complete=True, samples=samples)
        with ThreadPoolExecutor(min(len(self._opas), _AT_ONCE)) as pool:
            up = dict(zip(self.targets, pool.map(_Health.ask, self._opas), strict=True))
        return Reading(up=up, complete=all(up.values()), samples=samples)


class _Health:
    def __init__(self, opa: Opa) -> None:
        self._name = opa.name
        self._fetcher = Fetcher(opa.url, tls=opa.tls, timeout=opa.timeout, connections=1)
        self._said: str | None = None

    def ask(self) -> bool:
        """Whether OPA answers with success; else the reason is logged, once."""
        problem = None
        try:
            self._fetcher.get(HEALTH, largest=_LARGEST_HEALTH)
        except FetchError as error:
            problem = str(error)
        if problem != self._said:
            self._said = problem
            text = f"is not well: {problem}" if problem else "is well"
            log.log(logging.WARNING if problem else logging.INFO, "OPA %s %s", self._name, text)
        return problem is None

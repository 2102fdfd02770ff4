"""What is done to a fleet, and what must be seen of it: data, one module each in ``scenarios``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gridobs.fleet.model import Fleet
    from gridobs.fleet.simulation.behaviours import Behaviour
    from gridobs.fleet.simulation.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """These sites behave so from now on; ``seconds`` is for those behaviours that take time."""

    sites: tuple[str, ...]
    behaviour: Behaviour
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What must be seen of a fault.

    Attributes:
        dark: the sites that must be known dark.
        dark_turns: intervals, of which one at least is in vain for each of these sites.
        stays_dark: whether they must all be dark at the same time, rather than each at some time.
        alerts: how many of each alert must fire, by its name.
        notifications: how many messages must come and no more; None is told and not judged.
        absent: selectors of what must never be stored.
    """

    dark: frozenset[str] = frozenset()
    dark_turns: int = 1
    stays_dark: bool = True
    alerts: Mapping[str, int] = field(default_factory=dict)
    notifications: int | None = None
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One experiment.

    Attributes:
        name: on the command line.
        why: what follows from the fault, for the reader.
        faults: made at once, of this fleet.
        expectation: of this fleet.
        patience: seconds, beyond those of the settings, until all must be seen: windows of rules know no hurry.
        lasts: seconds the fault goes on after everything was seen, so that what must not come could have come.
    """

    name: str
    why: str
    faults: Callable[[Fleet, Settings], tuple[Fault, ...]]
    expectation: Callable[[Fleet, Settings], Expectation]
    lasts: Callable[[Settings], float]
    patience: float = 0.0

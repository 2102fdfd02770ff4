"""Which sites a fault is for; the same ones each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs.fleet.simulation.addresses import is_real

if TYPE_CHECKING:
    from gridobs.fleet.model import Fleet

_DARK_SHARE = 0.3


def everyone(fleet: Fleet) -> tuple[str, ...]:
    """All sites that are simulated."""
    return tuple(site.id for site in fleet.watched if not is_real(site))


def regions(fleet: Fleet) -> tuple[str, ...]:
    """Their regions."""
    return tuple(sorted({site.region for site in fleet.watched if not is_real(site)}))


def dark_regions(fleet: Fleet) -> tuple[str, ...]:
    """Three of ten regions, one at least; never the last."""
    found = regions(fleet)
    return found[: max(1, round(_DARK_SHARE * len(found)))]


def within(fleet: Fleet, chosen: tuple[str, ...]) -> tuple[str, ...]:
    """The sites of these regions."""
    return tuple(site.id for site in fleet.watched if site.region in chosen)


def last(fleet: Fleet, count: int) -> tuple[str, ...]:
    """The last ``count`` sites, which are all of one region as a rule."""
    return everyone(fleet)[-count:]


def scattered(fleet: Fleet, count: int) -> tuple[str, ...]:
    """``count`` sites, as far apart as can be; never the first or the last."""
    sites = everyone(fleet)
    return tuple(sites[(number + 1) * len(sites) // (count + 1)] for number in range(count))


def spread(fleet: Fleet, share: float) -> tuple[str, ...]:
    """This share of the sites of each region, one at least."""
    found: list[str] = []
    for region in regions(fleet):
        sites = within(fleet, (region,))
        found += sites[: max(1, int(share * len(sites)))]
    return tuple(found)

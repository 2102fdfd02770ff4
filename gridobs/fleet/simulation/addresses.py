"""A fleet whose sites all live on the loopback address, each at an address of its own."""

from __future__ import annotations

from gridobs.errors import UsageError
from gridobs.fleet.model import Fleet, Hub, Region, Site

_REGIONS_MOST = 20
_SITES_OF_A_REGION = 10  # at least, so that one of them is not an outage of the region
REAL_REGION = "real"
SITES_MAX = 60_000
_HOSTS = 250  # of the last two numbers of an address, so that none ends in 0 or 255
_NET = 20  # 127.20.0.0/16, which every Linux answers without set-up


def build_fleet(*, sites: int, port: int, hub: Hub, real: int = 0) -> Fleet:
    """A fleet of ``sites`` live sites, spread evenly over twenty regions, or fewer where they would be small.

    Site ``n`` is ``sub-<n>`` at ``127.20.x.y:port``: the address follows from the number alone. ``real`` more are no
    simulations, and have a region of their own.

    Raises:
        UsageError: there are more sites than addresses.
    """
    if sites > SITES_MAX:
        raise UsageError(f"{sites} sites are more than the {SITES_MAX} addresses there are; use fewer --sites")
    regions = max(1, min(_REGIONS_MOST, sites // _SITES_OF_A_REGION))
    names = tuple(f"region-{number:02d}" for number in range(1, regions + 1))
    simulated = [
        Site(
            id=f"sub-{number:05d}" if sites >= 10_000 else f"sub-{number:04d}",  # noqa: PLR2004 - five digits
            region=names[(number - 1) * len(names) // sites],
            address=f"{_host(number - 1)}:{port}",
        )
        for number in range(1, sites + 1)
    ]
    others = [
        Site(id=f"real-{number:04d}", region=REAL_REGION, address=f"{_host(SITES_MAX + number)}:{port}")
        for number in range(1, real + 1)
    ]
    return Fleet(
        regions=tuple(Region(name=name) for name in ((REAL_REGION, *names) if real else names)),
        sites=(*others, *simulated),
        hub=hub,
    )


def is_real(site: Site) -> bool:
    """Whether a site of a simulation is none."""
    return site.region == REAL_REGION


def _host(index: int) -> str:
    return f"127.{_NET}.{1 + index // _HOSTS}.{1 + index % _HOSTS}"

"""A fleet that could be one: to try what is rendered, planned and simulated before an own inventory is there."""

from __future__ import annotations

import random
from dataclasses import dataclass

from gridobs.fleet.model import Fleet, Hub, Region, Site, State, Transport

DOMAIN = "grid.example"
GATE_PORT = 9_443
_SPREAD = 0.4  # degrees, about 40 km
_DIGITS = 4
_HUB = Hub(
    alertmanagers=tuple(f"alertmanager-{number}.hub.{DOMAIN}:9093" for number in range(3)),
    receiver=f"receiver.hub.{DOMAIN}:9090",
)


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    title: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class _VoltageClass:
    """``weight`` is its share of a fleet; ``devices`` the least and the most of a site."""

    name: str
    weight: int
    devices: tuple[int, int]
    nodes: tuple[int, ...]


_PLACES = (
    _Place("north", "North", 53.9, 10.1),
    _Place("east", "East", 52.3, 13.6),
    _Place("south", "South", 48.4, 11.6),
    _Place("west", "West", 51.3, 7.1),
    _Place("central", "Central", 51.0, 10.2),
    _Place("coast", "Coast", 53.6, 7.9),
    _Place("lakes", "Lake District", 53.5, 12.7),
    _Place("highlands", "Highlands", 50.6, 12.6),
    _Place("rhine", "Rhine Valley", 49.6, 8.4),
    _Place("forest", "Black Forest", 48.2, 8.2),
    _Place("danube", "Danube", 48.9, 12.7),
    _Place("heath", "Heath", 52.9, 9.9),
)
MOST_REGIONS = len(_PLACES)
MOST_SITES = 100_000

_VOLTAGE_CLASSES = (
    _VoltageClass("380kV", 3, (200, 900), (5,)),
    _VoltageClass("220kV", 5, (200, 700), (3, 5)),
    _VoltageClass("110kV", 62, (500, 2_400), (3,)),
    _VoltageClass("20kV", 30, (60, 600), (1, 1, 3)),
)
_STATES = {State.LIVE: 94, State.PLANNED: 3, State.MAINTENANCE: 2, State.RETIRED: 1}
_TRANSPORTS = {Transport.PULL: 94, Transport.REMOTE_WRITE: 4, Transport.VMAGENT: 2}


def invent(*, sites: int, regions: int, seed: int, source: str = "fleet.yaml") -> Fleet:
    """``sites`` substations in ``regions`` regions, always the same for a ``seed``.

    Each region has a site if there are enough. ``regions`` is at most MOST_REGIONS.
    """
    rng = random.Random(seed)  # noqa: S311 - nothing is secret here
    places = _PLACES[:regions]
    weights = [rng.uniform(0.5, 1.5) for _ in places]
    width = max(4, len(str(sites)))
    drawn = (*places, *rng.choices(places, weights, k=max(sites - regions, 0)))
    return Fleet(
        regions=tuple(Region(name=place.name, title=place.title) for place in places),
        sites=tuple(_site(rng, f"sub-{at:0{width}d}", place) for at, place in enumerate(drawn[:sites], start=1)),
        hub=_HUB,
        source=source,
    )


def _site(rng: random.Random, name: str, place: _Place) -> Site:
    (kind,) = rng.choices(_VOLTAGE_CLASSES, [one.weight for one in _VOLTAGE_CLASSES])
    (state,) = rng.choices([*_STATES], [*_STATES.values()])
    (transport,) = rng.choices([*_TRANSPORTS], [*_TRANSPORTS.values()])
    return Site(
        id=name,
        region=place.name,
        address=f"{name}.{place.name}.{DOMAIN}:{GATE_PORT}",
        coordinates=(
            round(rng.gauss(place.latitude, _SPREAD), _DIGITS),
            round(rng.gauss(place.longitude, _SPREAD), _DIGITS),
        ),
        voltage_class=kind.name,
        devices=rng.randint(*kind.devices),
        nodes=rng.choice(kind.nodes),
        state=state,
        transport=transport,
    )

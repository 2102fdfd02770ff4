"""From the file of an inventory to the fleet, with every fault of it at once."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gridobs import sources
from gridobs.codes import Code
from gridobs.errors import Problem, SourceError
from gridobs.fleet.inventory import address, table
from gridobs.fleet.inventory.schema import DefaultsSchema, FleetSchema, HubSchema, SiteSchema
from gridobs.fleet.model import Fleet, Hub, Region, Site
from gridobs.rules import durations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_TABLE = ".csv"
_OPTIONAL = ("voltage_class", "devices", "nodes", "state", "transport", "scrape_interval")
_MOST_HINTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Surroundings:
    """What a site is read with; ``regions`` is None where every region that occurs is one."""

    hub: HubSchema
    defaults: DefaultsSchema
    regions: tuple[str, ...] | None


def load(path: Path) -> Fleet:
    """The fleet of a YAML file, or of a CSV file if its name ends in ``.csv``.

    Raises SourceError with every problem; those of a table's form come before those of its cells.
    """
    if path.suffix.lower() == _TABLE:
        return _of_table(path, table.read(path))
    return _of_document(path, sources.read(path))


def _of_table(path: Path, rows: Sequence[sources.Document]) -> Fleet:
    collector = sources.Collector()
    sites = _sites(rows, _Surroundings(hub=HubSchema(), defaults=DefaultsSchema(), regions=None), collector)
    collector.finish()
    regions = tuple(Region(name=name) for name in sorted({site.region for site in sites}))
    return Fleet(regions=regions, sites=sites, source=path.name)


def _of_document(path: Path, documents: Sequence[sources.Document]) -> Fleet:
    document, *more = documents
    collector = sources.Collector()
    if more:
        message, cure = "an inventory is one document", "write one, or one file for each fleet"
        collector.problems.append(more[0].problem(Code.WRONG_VALUE, (), message, cure))
    read: FleetSchema | None = None
    with collector.collect():
        read = sources.check(document, FleetSchema)
    around = _Surroundings(
        hub=read.hub if read else HubSchema(),
        defaults=read.defaults if read else DefaultsSchema(port=1),  # the port may be there, and wrong
        regions=tuple(_texts(document, "regions", "name")),
    )
    collector.problems += _region_problems(document)
    if read:
        collector.problems += _timeout_problems(document, read.hub, read.defaults)
    parts = [document.part("sites", at) for at in range(len(_items(document, "sites")))]
    sites = _sites(parts, around, collector)
    collector.finish()
    return Fleet(
        regions=tuple(Region(name=one.name, title=one.title) for one in read.regions) if read else (),
        sites=sites,
        hub=_hub(around.hub),
        source=path.name,
    )


def _hub(read: HubSchema) -> Hub:
    given = {name: getattr(read, name) for name in HubSchema.model_fields}
    return Hub(**{name: value for name, value in given.items() if value is not None})


def _sites(
    documents: Sequence[sources.Document], around: _Surroundings, collector: sources.Collector
) -> tuple[Site, ...]:
    """Those that are right, in the order of their ids; what is wrong goes to ``collector``."""
    addresses: dict[int, str] = {}
    sites = []
    for at, document in enumerate(documents):
        if not isinstance(document.data, dict):
            message, cure = "a site should be a mapping", f"write {', '.join(table.REQUIRED)} and what else is known"
            collector.problems.append(document.problem(Code.WRONG_VALUE, (), message, cure))
            continue
        with collector.collect():
            addresses[at] = _address(document, around.defaults.port)
        with collector.collect():
            read = sources.check(document, SiteSchema)
            if read.scrape_interval and around.hub.scrape_timeout >= read.scrape_interval:
                raise SourceError([_too_short(document, around.hub.scrape_timeout, "scrapeInterval")])
            if at in addresses:
                sites.append(_site(read, addresses[at], around.defaults))
    ids = {at: one.data["id"] for at, one in enumerate(documents) if _has_text(one, "id")}  # type: ignore[index]
    collector.problems += _taken(documents, ids, "id", Code.DUPLICATE_NAME)
    collector.problems += _taken(documents, addresses, "address", Code.ADDRESS_TAKEN)
    collector.problems += _unknown_regions(documents, around.regions)
    return tuple(sorted(sites, key=lambda site: site.id))


def _address(document: sources.Document, port: int | None) -> str:
    """Empty where there is no text; the schema says so."""
    if not _has_text(document, "address"):
        return ""
    try:
        return address.normalise(document.data["address"], port=port)  # type: ignore[index] # it was just looked at
    except ValueError as error:
        message, _, cure = str(error).partition("; ")
        raise SourceError([document.problem(Code.INVALID_ADDRESS, ("address",), message, cure)]) from None


def _site(read: SiteSchema, where: str, defaults: DefaultsSchema) -> Site:
    given: dict[str, Any] = {}
    for name in _OPTIONAL:
        own = getattr(read, name)
        value = getattr(defaults, name) if own is None else own
        if value is not None:
            given[name] = value
    return Site(id=read.id, region=read.region, address=where, coordinates=read.coordinates, **given)


def _timeout_problems(document: sources.Document, hub: HubSchema, defaults: DefaultsSchema) -> Iterator[Problem]:
    if hub.scrape_timeout >= hub.scrape_interval:
        message = f"the timeout is not below the interval of {durations.text(hub.scrape_interval)}"
        loc = ("hub", "scrapeTimeout")
        yield document.problem(Code.INTERVAL_TOO_LONG, loc, message, "write a shorter one")
    if defaults.scrape_interval and hub.scrape_timeout >= defaults.scrape_interval:
        yield _too_short(document, hub.scrape_timeout, "defaults", "scrapeInterval")


def _too_short(document: sources.Document, timeout: int, *loc: str) -> Problem:
    message = f"the interval is not above the hub's timeout of {durations.text(timeout)}"
    return document.problem(Code.INTERVAL_TOO_LONG, loc, message, "write a longer one")


def _taken(documents: Sequence[sources.Document], names: dict[int, str], key: str, code: Code) -> Iterator[Problem]:
    """A problem for each document whose ``key`` an earlier one has."""
    first: dict[str, int] = {}
    for at, name in names.items():
        if name and first.setdefault(name, at) != at:
            line = documents[first[name]].position((key,))[0]
            message = f"the {key} '{name}' is taken by the site in line {line}"
            yield documents[at].problem(code, (key,), message, "give each site its own")


def _unknown_regions(documents: Sequence[sources.Document], regions: tuple[str, ...] | None) -> Iterator[Problem]:
    if not regions:
        return
    known, cures = frozenset(regions), dict[str, str]()
    for document in documents:
        if _has_text(document, "region") and (name := document.data["region"]) not in known:  # type: ignore[index]
            if name not in cures:
                near = difflib.get_close_matches(name, known, n=1) if len(cures) < _MOST_HINTS else []
                cures[name] = f"did you mean '{near[0]}'?" if near else "write the name of one of the regions above"
            yield document.problem(Code.UNKNOWN_REFERENCE, ("region",), f"no region is named '{name}'", cures[name])


def _region_problems(document: sources.Document) -> Iterator[Problem]:
    seen = set[str]()
    for at, one in enumerate(_items(document, "regions")):
        name = one.get("name") if isinstance(one, dict) else None
        if isinstance(name, str):
            if name in seen:
                message, loc = f"the region '{name}' is there twice", ("regions", at, "name")
                yield document.problem(Code.DUPLICATE_NAME, loc, message, "keep one of the two")
            seen.add(name)


def _has_text(document: sources.Document, key: str) -> bool:
    return isinstance(document.data, dict) and isinstance(document.data.get(key), str)


def _items(document: sources.Document, key: str) -> list[Any]:
    found = document.data.get(key) if isinstance(document.data, dict) else None
    return found if isinstance(found, list) else []


def _texts(document: sources.Document, key: str, inner: str) -> Iterator[str]:
    for one in _items(document, key):
        if isinstance(one, dict) and isinstance(one.get(inner), str):
            yield one[inner]

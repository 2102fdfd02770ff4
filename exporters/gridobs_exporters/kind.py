"""What the exporter needs to know of a kind of collector, or of a page, before it makes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs_exporters.clock import Clock
from gridobs_exporters.pages import Route
from gridobs_exporters.scrape import Collector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs_exporters.config.document import Keys
    from gridobs_exporters.config.schema import Schema
    from gridobs_exporters.config.section import Section

Make = Callable[[Clock], Collector]
MakeRoute = Callable[[Clock], Route]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A flag that sets the value at ``keys``, counted from the collector's section.

    An index in ``keys`` means the only item of a list: ``("brokers", 0, "url")``. A ``switch`` has no value.
    """

    name: str
    keys: Keys
    metavar: str
    help: str
    switch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CollectorKind:
    """``prepare`` turns a section that passed ``schema`` into a way to make the collector.

    It reads the files the section names and tells what is wrong to the section. It makes nothing and starts nothing;
    the collector is made only when no section has a fault. Dear imports belong into what it returns.

    ``needs`` names modules that only the extra ``extra`` of the distribution brings; without them, a section is a
    fault and ``prepare`` is not called.
    """

    name: str
    about: str
    schema: Schema
    flags: Sequence[Flag]
    prepare: Callable[[Section], Make]
    extra: str = ""
    needs: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PageKind:
    """A page that belongs to no collector, served when its section is there; otherwise as ``CollectorKind``."""

    name: str
    about: str
    schema: Schema
    prepare: Callable[[Section], MakeRoute]

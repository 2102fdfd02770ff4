"""A set of documents to the objectives they state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs import sources
from gridobs.codes import Code
from gridobs.slo.openslo.documents import read_set
from gridobs.slo.openslo.objectives import Loaded, Place, objectives

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs.errors import Problem
    from gridobs.slo.settings import Settings
    from gridobs.sources import Document

__all__ = ["Loaded", "Place", "load"]


def load(documents: Sequence[Document], settings: Settings) -> tuple[Loaded, ...]:
    """Every objective of the set, in the order written. References are resolved inside the set.

    Raises SourceError with every problem of every document.
    """
    collector = sources.Collector()
    found = read_set(documents, collector)
    found.check_references(collector)
    loaded: dict[str, Loaded] = {}
    for slo in found.slos:
        with collector.collect():
            for one in objectives(slo, found, settings):
                if other := loaded.get(one.objective.name):
                    collector.problems.append(_duplicate(one, other))
                loaded[one.objective.name] = one
    collector.finish()
    return tuple(loaded.values())


def _duplicate(one: Loaded, other: Loaded) -> Problem:
    """Of names that come of metadata.name and displayName; equal metadata.name were found before."""
    line, _ = other.document.position(other.loc)
    message = f"the name '{one.objective.name}' is taken by the objective in {other.document.path}:{line}"
    cure = "change the displayName of one"
    return one.document.problem(Code.DUPLICATE_NAME, (*one.loc, "displayName"), message, cure)

"""From documents of any known format to OpenSLO text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs.codes import Code
from gridobs.errors import SourceError
from gridobs.slo.importing import pyrra, sloth
from gridobs.slo.importing.openslo_text import render
from gridobs.sources import Collector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs.slo.importing.imported import Imported
    from gridobs.sources import Document

_KNOWN = (
    f"version: {sloth.VERSION}, or apiVersion and kind: {sloth.API_VERSION} {sloth.KIND}, "
    f"{pyrra.API_VERSION} {pyrra.KIND}"
)


def import_documents(documents: Sequence[Document]) -> str:
    """OpenSLO v1 documents that say the same. Raises SourceError with every problem of all documents."""
    collector, first = Collector(), dict[str, str]()
    imported: list[Imported] = []
    for document in documents:
        with collector.collect():
            made = _slos(document)
            collector.problems += [
                document.problem(
                    Code.DUPLICATE_NAME, slo.loc, f"the name '{slo.name}' is taken by {first[slo.name]}", "rename one"
                )
                for slo in made
                if first.setdefault(slo.name, _place(document, slo)) != _place(document, slo)
            ]
            imported += made
    collector.finish()
    return render(imported)


def _slos(document: Document) -> list[Imported]:
    data = document.data if isinstance(document.data, dict) else {}
    kind = data.get("apiVersion"), data.get("kind")
    if data.get("version") == sloth.VERSION or kind == (sloth.API_VERSION, sloth.KIND):
        return sloth.slos(document)
    if kind == (pyrra.API_VERSION, pyrra.KIND):
        return [pyrra.slo(document)]
    if kind[0] == "openslo/v1":
        message, cure = "the document is OpenSLO already", "put it into alerts/slos"
    else:
        message, cure = "the document is of no format that can be imported", f"write {_KNOWN}"
    loc = next(((key,) for key in ("version", "kind", "apiVersion") if key in data), ())
    raise SourceError([document.problem(Code.UNKNOWN_KIND, loc, message, cure)])


def _place(document: Document, slo: Imported) -> str:
    line, column = document.position(slo.loc)
    return f"{document.path}:{line}:{column}"

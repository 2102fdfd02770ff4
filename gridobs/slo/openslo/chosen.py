"""The objectives of one file or folder, which may refer to documents that stand elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs import sources
from gridobs.errors import SourceError, UsageError
from gridobs.slo.openslo.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gridobs.slo.openslo.load import Loaded
    from gridobs.slo.settings import Settings
    from gridobs.sources import Document

_FOLDER = "slos"


def load_chosen(path: Path, around: Path, settings: Settings) -> tuple[Loaded, ...]:
    """Every objective below ``path``; what it refers to may also stand below ``around``/slos.

    Raises SourceError with every problem, UsageError when there is no objective.
    """
    chosen = tuple(_documents(path))
    named = {_identity(document) for document in chosen}
    referable = (document for document in _elsewhere(around) if _identity(document) not in named)
    loaded = load([*chosen, *referable], settings)
    if not loaded:
        raise UsageError(f"{path} holds no objective; name a file with a document of kind SLO, or a folder of them")
    return loaded


def _documents(path: Path) -> Iterator[Document]:
    if not path.exists():
        raise UsageError(f"{path} does not exist; name a file with a document of kind SLO, or a folder of them")
    if path.is_file():
        yield from sources.read(path)
        return
    collector = sources.Collector()
    for file in sources.find(path / _FOLDER if (path / _FOLDER).is_dir() else path):
        with collector.collect():
            yield from sources.read(file)
    collector.finish()


def _elsewhere(around: Path) -> Iterator[Document]:
    """Not the objectives, and nothing of a file with faults: it is not what was asked about."""
    for file in sources.find(around / _FOLDER):
        try:
            documents = sources.read(file)
        except SourceError:
            continue
        yield from (document for document in documents if _identity(document)[0] not in {None, "SLO"})


def _identity(document: Document) -> tuple[object, object]:
    """Kind and name."""
    data = document.data if isinstance(document.data, dict) else {}
    metadata = data.get("metadata")
    return data.get("kind"), metadata.get("name") if isinstance(metadata, dict) else None

"""Which files a person means, and what each of them is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from gridobs import sources
from gridobs.errors import UsageError
from gridobs.slo.settings import FILE as SETTINGS_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gridobs.sources import Collector, Document

_SLOS, _RULES, _EXCLUSIONS = _PARTS = ("slos", "rules", "exclusions")


class Kind(Enum):
    OPENSLO = auto()
    RULES = auto()
    EXCLUSIONS = auto()


@dataclass(frozen=True, slots=True)
class Text:
    """A file, or what was piped in. At least one document."""

    path: Path
    documents: tuple[Document, ...]

    @property
    def kind(self) -> Kind:
        """By its keys, else by its folder; what is nothing known is taken for OpenSLO, which says what is missing."""
        data = self.documents[0].data
        keys = set(data) if isinstance(data, dict) else set()
        if "apiVersion" in keys:
            return Kind.OPENSLO
        if "groups" in keys or self.path.parent.name == _RULES:
            return Kind.RULES
        return Kind.EXCLUSIONS if {"from", "to"} & keys or self.path.parent.name == _EXCLUSIONS else Kind.OPENSLO


@dataclass(frozen=True, slots=True)
class SourceSet:
    read: tuple[Text, ...]
    files: int
    """Those that could not be read too, and the settings."""
    settings: Path | None
    """The folder whose settings hold."""

    def texts(self, kind: Kind) -> list[Text]:
        return [text for text in self.read if text.kind is kind]


def find_sources(paths: Sequence[Path], streams: Sequence[tuple[Path, str]], collector: Collector) -> SourceSet:
    """Read everything; what cannot be read is a problem in ``collector``.

    Raises UsageError when a path does not exist, holds nothing, or two belong to different catalogues.
    """
    files: dict[Path, Path] = {}
    roots: dict[Path, Path] = {}
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path} does not exist; name a file, a folder, or - for what is piped in")
        if root := _root(path):
            roots.setdefault(root.resolve(), root)
        with collector.collect():
            found = tuple(_files(path))
            if not found:
                raise UsageError(f"{path} holds no *.yaml file; name a folder with {_SLOS}/, or a file")
            files |= {file.resolve(): file for file in reversed(found)}
    if len(roots) > 1:
        named = " and ".join(sorted(map(str, roots.values())))
        raise UsageError(f"{named} have settings of their own; validate one after the other")
    settings = next(iter(roots.values()), None)
    texts: list[Text] = []
    chosen = sorted(file for file in files.values() if file.name != SETTINGS_FILE)
    for file in chosen:
        with collector.collect():
            texts.append(Text(file, sources.read(file)))
    for name, text in streams:
        with collector.collect():
            texts.append(Text(name, sources.parse(name, text)))
    count = len(chosen) + len(streams) + bool(settings and (settings / SETTINGS_FILE).is_file())
    return SourceSet(tuple(texts), count, settings)


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif _is_catalogue(path):
        for part in _PARTS:
            yield from sources.find(path / part)
    else:
        yield from sources.find(path)


def _is_catalogue(folder: Path) -> bool:
    return (folder / _SLOS).is_dir()


def _root(path: Path) -> Path | None:
    """The catalogue a path is in, or is."""
    if _is_catalogue(path):
        return path
    within = [folder for folder in path.absolute().parents if _is_catalogue(folder)]
    return _shown(within[0], path) if within else None


def _shown(folder: Path, path: Path) -> Path:
    """``folder`` relative to here if it is below, as ``path`` was written."""
    here = Path.cwd()
    return folder.relative_to(here) if not path.is_absolute() and folder.is_relative_to(here) else folder

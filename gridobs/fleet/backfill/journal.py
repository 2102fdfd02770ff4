"""What the back-fill remembers when it ends: one small JSON file, replaced as a whole.

What is filled is seen at the hub, so the file is not needed to go on where one was killed. It keeps what the hub
cannot tell: which spans hold nothing at the site either, and which were filled and are holes all the same.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gridobs.errors import UsageError
from gridobs.fleet.backfill.holes import Span, merge

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_VERSION = 1


@dataclass(slots=True)
class _Entry:
    """Spans of one site, each kind merged."""

    filled: tuple[Span, ...] = ()
    empty: tuple[Span, ...] = ()
    again: tuple[Span, ...] = ()


@dataclass(slots=True, kw_only=True)
class Journal:
    """Of each site, the spans that are done with. Safe to use from several threads; ``file`` None keeps nothing."""

    file: Path | None = None
    _sites: dict[str, _Entry] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, file: Path | None) -> Journal:
        """What is in ``file``; nothing if there is none yet.

        Raises:
            UsageError: it cannot be read, or is no journal.
        """
        if file is None:
            return cls()
        try:
            text = file.read_text()
        except FileNotFoundError:
            return cls(file=file)
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} cannot be read: {error}; name another with --journal") from None
        try:
            content = json.loads(text)
            if content["version"] != _VERSION:
                raise ValueError  # noqa: TRY301 - handled with the others
            sites = {
                str(site): _Entry(**{kind: _spans(entry.get(kind, ())) for kind in _Entry.__slots__})
                for site, entry in content["sites"].items()
            }
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UsageError(
                f"{file} is no journal of the back-fill; name another with --journal, or remove it: what is filled is"
                " not asked again"
            ) from None
        return cls(file=file, _sites=sites)

    def settled(self, site: str) -> tuple[Span, ...]:
        """Spans of ``site`` that need not be asked for: empty at the site, or filled twice and holes still."""
        with self._lock:
            entry = self._sites.get(site, _Entry())
            return merge((*entry.empty, *entry.again))

    def settle(self, site: str, *, filled: Iterable[Span], empty: Iterable[Span]) -> None:
        """Note what became of spans of ``site``."""
        with self._lock:
            entry = self._sites.setdefault(site, _Entry())
            for span in filled:
                if any(one.after <= span.after and span.before <= one.before for one in entry.filled):
                    entry.again = merge((*entry.again, span))
                else:
                    entry.filled = merge((*entry.filled, span))
            entry.empty = merge((*entry.empty, *empty))

    def forget(self, *, before: int) -> None:
        """Drop spans that ended before a time in milliseconds: they are out of reach."""
        with self._lock:
            for site, entry in list(self._sites.items()):
                for kind in _Entry.__slots__:
                    setattr(entry, kind, tuple(one for one in getattr(entry, kind) if one.before >= before))
                if not (entry.filled or entry.empty or entry.again):
                    del self._sites[site]

    def save(self) -> None:
        """Replace the file.

        Raises:
            UsageError: it cannot be written.
        """
        if self.file is None:
            return
        with self._lock:
            sites = {
                site: {
                    kind: [[one.after, one.before] for one in spans]
                    for kind in _Entry.__slots__
                    if (spans := getattr(entry, kind))
                }
                for site, entry in sorted(self._sites.items())
            }
            text = json.dumps({"version": _VERSION, "sites": sites}) + "\n"
            new = self.file.with_name(self.file.name + ".new")
            try:
                with new.open("w") as stream:
                    stream.write(text)
                    stream.flush()
                    os.fsync(stream.fileno())
                new.replace(self.file)
            except OSError as error:
                raise UsageError(
                    f"{self.file} cannot be written: {error.strerror}; name another with --journal"
                ) from None


def _spans(pairs: Iterable[tuple[int, int]]) -> tuple[Span, ...]:
    return merge(Span(after=int(after), before=int(before)) for after, before in pairs)

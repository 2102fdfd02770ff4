"""What the broker acknowledged to the meters, written down by them: the other side of the books to the store's."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS acknowledged (
  meter TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (meter, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tally (
  id INTEGER PRIMARY KEY CHECK (id = 1), connected INTEGER NOT NULL, measured INTEGER NOT NULL, sent INTEGER NOT NULL,
  acknowledged INTEGER NOT NULL, unrouted INTEGER NOT NULL, superseded INTEGER NOT NULL, corrupted INTEGER NOT NULL,
  rate REAL NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """The fleet's counts since it started.

    Attributes:
        connected: meters connected now.
        measured: readings taken.
        sent: readings handed to the broker.
        acknowledged: PUBACK received with a subscriber behind it; these must never be lost.
        unrouted: PUBACK "no matching subscribers"; the broker keeps nothing, so nothing is claimed.
        superseded: readings a newer one replaced before they could be sent.
        corrupted: sent with a value changed after its checksum was made.
        rate: acknowledged a second, over the last seconds.
    """

    connected: int = 0
    measured: int = 0
    sent: int = 0
    acknowledged: int = 0
    unrouted: int = 0
    superseded: int = 0
    corrupted: int = 0
    rate: float = 0.0


class Ledger:
    """The fleet's writer. Write once a second; what is not written yet is not claimed."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.executescript(_SCHEMA)

    def write(self, acknowledged: Iterable[tuple[str, int]], tally: Tally) -> None:
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO acknowledged VALUES (?, ?)", acknowledged)
        self._db.execute(
            "INSERT OR REPLACE INTO tally VALUES"
            " (1, :connected, :measured, :sent, :acknowledged, :unrouted, :superseded, :corrupted, :rate)",
            asdict(tally),
        )
        self._db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()


def read_tally(path: Path) -> Tally:
    """The fleet's counts as last written; all zero before the first writing."""
    if not path.exists():
        return Tally()
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        row = db.execute(
            "SELECT connected, measured, sent, acknowledged, unrouted, superseded, corrupted, rate FROM tally"
        ).fetchone()
    except sqlite3.OperationalError:  # not made yet
        row = None
    finally:
        db.close()
    return Tally(*row) if row else Tally()

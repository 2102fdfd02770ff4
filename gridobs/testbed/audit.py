"""The books compared: what the broker acknowledged to the meters against what the store holds."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs.conventions import CANARY_METER

if TYPE_CHECKING:
    from pathlib import Path

_LOST = """
SELECT count(*) FROM (
  SELECT meter, seq FROM ledger.acknowledged
  EXCEPT SELECT meter, seq FROM readings
  EXCEPT SELECT meter, seq FROM dead_letters)
"""
_TWICE = """
SELECT coalesce(sum(copies - 1), 0) FROM (
  SELECT count(*) AS copies FROM (
    SELECT meter, seq FROM readings UNION ALL SELECT meter, seq FROM dead_letters WHERE meter IS NOT NULL)
  GROUP BY meter, seq HAVING copies > 1)
"""
_MISCOUNTED = """
SELECT coalesce(sum(abs(difference)), 0) FROM (
  SELECT sum(records) AS difference FROM (
    SELECT feeder, minute, records FROM feeder_minutes
    UNION ALL
    SELECT feeder, CAST(event_time / 60 AS INTEGER), -count(*) FROM readings GROUP BY 1, 2)
  GROUP BY feeder, minute)
"""


@dataclass(frozen=True, slots=True)
class Audit:
    """What the two books say, in records.

    Attributes:
        acknowledged: PUBACKs the meters hold.
        stored: readings in the store, but for the canary's, which no meter has in its ledger.
        dead_letters: refused payloads kept beside them.
        lost: acknowledged, and in neither.
        counted_twice: there more than once, or counted otherwise in a feeder's minute than in the readings.
    """

    acknowledged: int
    stored: int
    dead_letters: int
    lost: int
    counted_twice: int

    @property
    def clean(self) -> bool:
        return self.lost == 0 and self.counted_twice == 0


def audit(*, ledger: Path, store: Path) -> Audit:
    """Compare the meters' ledger with the processor's store."""
    db = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        db.execute("ATTACH ? AS ledger", (f"file:{ledger}?mode=ro",))

        def number(query: str) -> int:
            return int(db.execute(query).fetchone()[0])

        return Audit(
            acknowledged=number("SELECT count(*) FROM ledger.acknowledged"),
            stored=number(f"SELECT count(*) FROM readings WHERE meter <> '{CANARY_METER}'"),  # noqa: S608 - our own
            dead_letters=number("SELECT count(*) FROM dead_letters"),
            lost=number(_LOST),
            counted_twice=number(_TWICE) + number(_MISCOUNTED),
        )
    finally:
        db.close()

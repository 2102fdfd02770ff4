"""Hands of a clock to turn, and a store as the processor leaves it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The contract of docs/exporters/pipeline.md, word for word: a test compares them.
SCHEMA = """\
CREATE TABLE readings (
  id INTEGER PRIMARY KEY, meter TEXT, seq INTEGER, feeder TEXT, event_time REAL, voltage REAL, current REAL,
  power REAL, energy REAL, checksum INTEGER, received_at REAL, stored_at REAL, UNIQUE (meter, seq)
);
CREATE TABLE feeder_minutes (feeder TEXT, minute INTEGER, records INTEGER, PRIMARY KEY (feeder, minute));
CREATE TABLE dead_letters (
  id INTEGER PRIMARY KEY, digest BLOB UNIQUE, topic TEXT, payload BLOB, reason TEXT, received_at REAL
);
CREATE TABLE pipeline_state (
  id INTEGER PRIMARY KEY CHECK (id = 1), backlog INTEGER, backlog_oldest REAL, updated_at REAL
);
"""
NOON = 1_700_000_000.0


@dataclass
class Hands:
    """Both clocks, moved together by the test."""

    now: float = 0.0

    @property
    def clock(self) -> Clock:
        return Clock(wall=lambda: NOON + self.now, monotonic=lambda: self.now)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture(scope="session")
def schema() -> str:
    return SCHEMA


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The processor's connection to ``tmp_path/store.db``: three records, one dead letter, a backlog of 40."""
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as connection:
        connection.executescript(
            f"PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA user_version = 3; {SCHEMA}"
        )
        rows = [
            ("m-1", 1, "f-1", NOON - 3, NOON - 2),
            ("m-2", 1, "f-1", NOON - 1, NOON),
            ("m-1", 2, "f-1", NOON - 2, NOON),
        ]
        connection.executemany(
            "INSERT INTO readings (meter, seq, feeder, event_time, stored_at) VALUES (?, ?, ?, ?, ?)", rows
        )
        connection.execute("INSERT INTO dead_letters (digest, reason) VALUES (x'00', 'checksum')")
        connection.execute("INSERT INTO pipeline_state VALUES (1, 40, ?, ?)", (NOON - 9, NOON - 0.5))
        yield connection


@pytest.fixture(scope="session")
def promtool() -> str:
    if path := shutil.which("promtool"):
        return path
    if os.environ.get("CI") == "true":
        pytest.fail("promtool is not installed, and CI must not skip")
    pytest.skip("promtool is not installed")

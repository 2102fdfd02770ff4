"""A collector of one store, and what a scrape of it says."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.pipeline.collector import PipelineCollector
from gridobs_exporters.pipeline.watch import StoreSettings
from gridobs_exporters.scrape import Scraper

from gridobs.testbed.processor.store import Batch, Store
from gridobs.testbed.reading import Reading
from tests.exposition import exposed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Protocol

    from tests.unit.exporters.conftest import Hands

    class MakeWatched(Protocol):
        def __call__(self, path: Path | None = None, **settings: object) -> Watched: ...


@dataclass(frozen=True)
class Page:
    """One exposition."""

    text: str

    def __getitem__(self, series: str) -> float:
        value = self.get(series)
        assert value is not None, f"no {series} in\n{self.text}"
        return value

    def get(self, series: str) -> float | None:
        """The value of a series of the store, without its label ``store``."""
        for line in self.text.splitlines():
            name, _, value = line.rpartition(" ")
            if name.replace('{store="store"}', "").replace(',store="store"', "") == f"gridobs_pipeline_{series}":
                return float(value)
        return None

    @property
    def success(self) -> float:
        (line,) = (line for line in self.text.splitlines() if line.startswith("gridobs_exporter_collector_success{"))
        return float(line.rpartition(" ")[2])

    @property
    def errors(self) -> dict[str, float]:
        """Errors counted, by code."""
        rows = [line for line in self.text.splitlines() if line.startswith("gridobs_pipeline_errors_total{")]
        counts = {row.split('"')[1]: float(row.rpartition(" ")[2]) for row in rows}
        return {code: times for code, times in counts.items() if times}

    def of_the_database(self) -> list[str]:
        """Series that only a readable store can give."""
        names = {line.split("{")[0].split(" ")[0] for line in self.text.splitlines() if not line.startswith("#")}
        others = ("up", "errors", "filesystem", "store_bytes", "quick_check", "samples", "canary")
        return sorted(
            name
            for name in names
            if not name.startswith(("gridobs_exporter", *(f"gridobs_pipeline_{other}" for other in others)))
        )


class Watched:
    """A collector with one store."""

    def __init__(self, collector: PipelineCollector, hands: Hands) -> None:
        self.collector = collector
        self._scraper = Scraper([collector], version="0", clock=hands.clock)

    def scrape(self) -> Page:
        return Page(exposed(self._scraper.scrape(timeout=30)))


@pytest.fixture
def watched(tmp_path: Path, hands: Hands) -> Iterator[MakeWatched]:
    """Makes a collector of ``tmp_path/store.db``."""
    made: list[PipelineCollector] = []

    def make(path: Path | None = None, **settings: object) -> Watched:
        collector = PipelineCollector(
            [StoreSettings(name="store", path=path or tmp_path / "store.db", **settings)],  # type: ignore[arg-type] # each test names what it wants
            clock=hands.clock,
        )
        made.append(collector)
        return Watched(collector, hands)

    yield make
    for collector in made:
        collector.stop()


@pytest.fixture
def filled(tmp_path: Path) -> Callable[[int], Path]:
    """Makes ``tmp_path/real.db`` as the reference processor writes it, with so many records; nobody has it open."""

    def make(records: int) -> Path:
        path = tmp_path / "real.db"
        readings = [
            Reading(f"meter-{number % 50:05d}", "feeder-00", 1 + number // 50, 60.0 + number, 230.25, 1.5, 345.4, 1.0)
            for number in range(records)
        ]
        with closing(Store(path, clock=lambda: 70.0, stopwatch=lambda: 0.0)) as store:
            store.commit(Batch([(reading, 68.0) for reading in readings]))
        return path

    return make

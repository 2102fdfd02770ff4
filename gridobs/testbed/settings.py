"""What a substation is made of: where it lives, where it listens, how much goes on in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gridobs.testbed.processes import LOOPBACK

if TYPE_CHECKING:
    from pathlib import Path


class Part(StrEnum):
    """The parts that listen, in the order of their ports."""

    PROMETHEUS = "prometheus"
    ALERTMANAGER = "alertmanager"
    BROKER = "broker"
    PROCESSOR = "processor"
    EXPORTER = "exporter"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a substation is made of.

    Attributes:
        folder: holds everything it writes; claimed for it with ``claim_folder``.
        sources: the folder with ``slos`` and ``rules``.
        base_port: the first of six consecutive ports on loopback.
        meters: how many.
        rate: readings a second, of all meters together.
    """

    folder: Path
    sources: Path
    base_port: int = 17700
    meters: int = 2000
    rate: float = 1000.0
    site: str = "sub-0001"
    region: str = "east"

    @property
    def ports(self) -> dict[str, int]:
        return {part.value: self.base_port + number for number, part in enumerate(Part)}

    def address(self, part: Part) -> str:
        return f"{LOOPBACK}:{self.ports[part]}"

    def url(self, part: Part) -> str:
        return f"http://{self.address(part)}"

    @property
    def store(self) -> Path:
        return self.folder / "store" / "power.db"

    @property
    def ledger(self) -> Path:
        return self.folder / "meters.db"

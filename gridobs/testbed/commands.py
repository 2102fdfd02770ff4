"""The command line of each part of a substation."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gridobs.testbed.configuration import BROKER_SYS_SECONDS, CANARY_TIMEOUT, SCRAPE_INTERVAL
from gridobs.testbed.settings import Part, Settings

if TYPE_CHECKING:
    from pathlib import Path


def broker(program: str, config: Path) -> list[str]:
    return [program, "-c", str(config)]


def processor(settings: Settings) -> list[str]:
    return [
        *(sys.executable, "-m", "gridobs.testbed.processor"),
        f"--store={settings.store}",
        f"--broker={settings.address(Part.BROKER)}",
        f"--metrics={settings.address(Part.PROCESSOR)}",
    ]


def exporter(settings: Settings) -> list[str]:
    return [
        *(sys.executable, "-m", "gridobs_exporters"),
        f"--web.listen-address={settings.address(Part.EXPORTER)}",
        f"--mqtt.broker=mqtt://{settings.address(Part.BROKER)}",
        f"--mqtt.sys-interval={BROKER_SYS_SECONDS}s",
        f"--mqtt.probe-interval={SCRAPE_INTERVAL}",
        f"--pipeline.store={settings.store}",
        f"--pipeline.canary-broker=mqtt://{settings.address(Part.BROKER)}",
        f"--pipeline.canary-interval={SCRAPE_INTERVAL}",
        f"--pipeline.canary-timeout={CANARY_TIMEOUT}",
    ]


def meters(settings: Settings) -> list[str]:
    return [
        *(sys.executable, "-m", "gridobs.testbed.meters"),
        f"--broker={settings.address(Part.BROKER)}",
        f"--ledger={settings.ledger}",
        f"--meters={settings.meters}",
        f"--rate={settings.rate:g}",
    ]


def alertmanager(program: str, settings: Settings, config: Path) -> list[str]:
    return [
        program,
        f"--config.file={config}",
        f"--storage.path={settings.folder / 'alertmanager'}",
        f"--web.listen-address={settings.address(Part.ALERTMANAGER)}",
        "--cluster.listen-address=",
    ]


def prometheus(program: str, settings: Settings, config: Path) -> list[str]:
    return [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={settings.folder / 'prometheus' / 'data'}",
        f"--web.listen-address={settings.address(Part.PROMETHEUS)}",
    ]

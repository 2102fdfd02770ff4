"""The ``pipeline`` section of the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gridobs_exporters.config import schema
from gridobs_exporters.kind import CollectorKind, Flag
from gridobs_exporters.pipeline.collector import PipelineCollector, PipelineSettings

if TYPE_CHECKING:
    from gridobs_exporters.clock import Clock
    from gridobs_exporters.config.section import Section
    from gridobs_exporters.kind import Make

STORE = schema.mapping(
    {
        "name": schema.text("the store label; default: the file name without ending", "main"),
        "path": schema.text("the SQLite file the processor writes", "/var/lib/power/store.db"),
        "quick_check_interval": schema.duration("from one quick_check to the next; 0 is never", "1h", zero=True),
    },
    required=["path"],
    description="a store",
)


def prepare(section: Section) -> Make:
    settings = [read_store_settings(store) for store in section.sections("stores")]
    names = [setting.name for setting in settings]
    for index, name in enumerate(names):
        if name in names[:index]:
            section.sections("stores")[index].problem("name", f"the name {name!r} is taken; give it another name")

    def make(clock: Clock) -> PipelineCollector:
        return PipelineCollector(settings, clock=clock)

    return make


def read_store_settings(section: Section) -> PipelineSettings:
    path = Path(section.get("path"))
    return PipelineSettings(
        name=section.get("name", path.stem),
        store=path,
        quick_check_interval=section.seconds("quick_check_interval", "1h"),
    )


def _flag(name: str, key: str, metavar: str, text: str) -> Flag:
    return Flag(name=f"--pipeline.{name}", keys=("stores", 0, key), metavar=metavar, help=text)


PIPELINE = CollectorKind(
    name="pipeline",
    about="the SQLite stores that power data processors write",
    schema=schema.mapping(
        {"stores": schema.items(STORE, description="the stores; --pipeline.store PATH names the only one", least=1)},
        required=["stores"],
    ),
    flags=(
        _flag("store", "path", "PATH", "the SQLite file the processor writes"),
        _flag("store-name", "name", "NAME", "the store label; default: the file name without ending"),
        _flag("quick-check-interval", "quick_check_interval", "TIME", "default: 1h; 0: never"),
    ),
    prepare=prepare,
)

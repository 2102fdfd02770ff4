"""The ``pipeline`` section of the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gridobs_exporters.config import schema
from gridobs_exporters.config.section import refuse_same_names
from gridobs_exporters.kind import CollectorKind, Flag
from gridobs_exporters.mqtt.kind import BROKER, read_broker
from gridobs_exporters.pipeline.accuracy import AccuracySettings
from gridobs_exporters.pipeline.canary import METER, CanarySettings
from gridobs_exporters.pipeline.collector import PipelineCollector
from gridobs_exporters.pipeline.integrity import CheckSettings
from gridobs_exporters.pipeline.watch import StoreSettings

if TYPE_CHECKING:
    from gridobs_exporters.clock import Clock
    from gridobs_exporters.config.section import Section
    from gridobs_exporters.kind import Make

_TO_THE_BROKER = ("url", "username", "password_file", "ca_file", "cert_file", "key_file")
_NAME = r"^[^+#/$\0][^+#/\0]*$"
CANARY = schema.mapping(
    {
        "broker": schema.mapping(
            {key: BROKER["properties"][key] for key in _TO_THE_BROKER},
            required=["url"],
            description="the broker the processor takes records from",
        ),
        "meter": schema.text("the meter's name, of no other meter, and its feeder's", METER, pattern=_NAME),
        "topic": schema.text(
            "where the processor finds the meter's records",
            f"power/{METER}/{METER}/reading",
            pattern=r"^(?!\$)[^+#\0]+$",
        ),
        "interval": schema.duration("from one canary to the next", "15s"),
        "timeout": schema.duration("within which it must be stored; no longer than the interval", "10s"),
    },
    required=["broker"],
    description="a record of our own, sent to see it arrive",
)
STORE = schema.mapping(
    {
        "name": schema.text("the store label; default: the file name without ending", "main"),
        "path": schema.text(
            "the SQLite file the processor writes", "/var/lib/power/store.db", pattern=r"^[^\0]*[^\0/\s][^\0]*$"
        ),
        "quick_check_interval": schema.duration("from one quick_check to the next; 0 is never", "1h", zero=True),
        "quick_check_timeout": schema.duration(
            "after which a quick_check is broken off; at the latest at half of the interval", "10m"
        ),
        "accuracy_interval": schema.duration("from one check of samples to the next; 0 is never", "1m", zero=True),
        "accuracy_samples": schema.number("how many new samples are checked, and as many old ones", 100, least=1),
        "canary": CANARY,
    },
    required=["path"],
    description="a store",
)


def prepare(section: Section) -> Make:
    stores = section.sections("stores")
    settings = [read_store_settings(store) for store in stores]
    refuse_same_names(stores, [setting.name for setting in settings])

    def make(clock: Clock) -> PipelineCollector:
        return PipelineCollector(settings, clock=clock)

    return make


def read_store_settings(section: Section) -> StoreSettings:
    path = Path(section.get("path"))
    between, longest = section.seconds("quick_check_interval", "1h"), section.seconds("quick_check_timeout", "10m")
    check = CheckSettings(interval=between, timeout=min(longest, between / 2))  # half of the time is the processor's
    accuracy = AccuracySettings(
        interval=section.seconds("accuracy_interval", "1m"), samples=int(section.get("accuracy_samples", 100))
    )
    canary = section.section("canary")
    return StoreSettings(
        name=section.get("name", path.stem),
        path=path,
        check=check if check.interval else None,
        accuracy=accuracy if accuracy.interval else None,
        canary=read_canary(canary) if canary else None,
    )


def read_canary(section: Section) -> CanarySettings:
    """The settings of a canary; what is wrong is told to ``section``."""
    broker = section.section("broker")
    assert broker  # noqa: S101 - the schema asks for it
    meter = section.get("meter", METER)
    interval, timeout = section.seconds("interval", "15s"), section.positive_seconds("timeout", "10s")
    if timeout > interval:
        # A round would take longer when it fails than when it succeeds, and count for less.
        section.problem("timeout", f"{timeout:g} s is longer than the interval of {interval:g} s; make one fit")
    return CanarySettings(
        broker=read_broker(broker).broker,
        meter=meter,
        topic=section.get("topic", f"power/{meter}/{meter}/reading"),
        interval=interval,
        timeout=timeout,
    )


def _flag(name: str, metavar: str, text: str, *keys: str) -> Flag:
    return Flag(name=f"--pipeline.{name}", keys=("stores", 0, *keys), metavar=metavar, help=text)


PIPELINE = CollectorKind(
    name="pipeline",
    about="the SQLite stores that power data processors write",
    schema=schema.mapping(
        {"stores": schema.items(STORE, description="the stores; --pipeline.store PATH names the only one", least=1)},
        required=["stores"],
    ),
    flags=(
        _flag("store", "PATH", "the SQLite file the processor writes", "path"),
        _flag("store-name", "NAME", "the store label; default: the file name without ending", "name"),
        _flag("quick-check-interval", "TIME", "default: 1h; 0: never", "quick_check_interval"),
        _flag("accuracy-interval", "TIME", "default: 1m; 0: never", "accuracy_interval"),
        _flag(
            "canary-broker",
            "URL",
            "send canaries to this broker and watch the store for them",
            "canary",
            "broker",
            "url",
        ),
        _flag("canary-interval", "TIME", "default: 15s", "canary", "interval"),
        _flag("canary-timeout", "TIME", "default: 10s", "canary", "timeout"),
    ),
    prepare=prepare,
)

"""How the rules will run, and where what they name is found: ``settings.yaml`` beside the objectives."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from gridobs_exporters.histogram import START_EDGES
from gridobs_exporters.names import wasmedge
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gridobs import conventions, sources
from gridobs.codes import Code
from gridobs.errors import SourceError
from gridobs.rules.durations import seconds
from gridobs.rules.handwritten import ALERT_PLACEHOLDER
from gridobs.slo.model import CompileOptions
from gridobs.slo.promql import PrometheusVersion

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "settings.yaml"
SLO_PLACEHOLDER = "{slo}"

_LINK = re.compile(r"https?://[^\s{}]+")
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LARGEST_EDGE = 10**12
_LINK_CURE = "a web address, with {slo} where the name of the objective goes"
_ALERT_LINK_CURE = "a web address, with {alert} where the name of the alert goes"
_DURATION_CURE = "a duration such as 30s, 2m or 32d"
_HISTOGRAMS_CURE = "pairs of a histogram's name, without _bucket, and a list of its edges, each above the one before"


def _edges(edges: tuple[float, ...]) -> tuple[Decimal, ...]:
    return tuple(Decimal(str(edge)) for edge in edges)


def _own_histograms() -> dict[str, tuple[Decimal, ...]]:
    return {
        conventions.POWER_PROCESSING_LATENCY: _edges(conventions.LATENCY_EDGES),
        conventions.POWER_STAGE_DURATION: _edges(conventions.LATENCY_EDGES),
        conventions.POWER_RECORD_AGE: _edges(conventions.AGE_EDGES),
        wasmedge.START_DURATION.name: _edges(START_EDGES),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``scrape_interval`` and ``retention`` are Prometheus' own; they set which windows make sense.

    ``histograms`` holds the finite bucket edges by metric name.
    """

    interval: str = "30s"
    period_interval: str = "2m"
    scrape_interval: str = "30s"
    retention: str = "32d"
    runbooks: str | None = None
    alert_runbooks: str | None = None
    dashboards: str | None = None
    histograms: Mapping[str, tuple[Decimal, ...]] = field(default_factory=_own_histograms)

    def compile_options(self, version: PrometheusVersion = PrometheusVersion.V2_42) -> CompileOptions:
        return CompileOptions(
            interval=self.interval,
            period_interval=self.period_interval,
            scrape_interval=self.scrape_interval,
            version=version,
            runbooks=self.runbooks,
            dashboards=self.dashboards,
        )


def load_settings(folder: Path) -> Settings:
    """What ``folder/settings.yaml`` says; what it leaves out, or all when there is no such file, takes the default.

    Raises SourceError with every fault.
    """
    path = folder / FILE
    if not path.is_file():
        return Settings()
    first, *more = sources.read(path)
    if more:
        message = "the settings are one document"
        raise SourceError([more[0].problem(Code.WRONG_VALUE, (), message, "write all of them above the ---")])
    read = sources.check(first, _SettingsSchema)
    given = {name: getattr(read, name) for name in read.model_fields_set if getattr(read, name) is not None}
    return Settings(**given | {"histograms": _own_histograms() | read.histograms})


def _duration(text: str) -> str:
    try:
        seconds(text)
    except ValueError as error:
        message, _, cure = str(error).partition("; ")
        raise sources.fault(Code.WRONG_VALUE, message, cure) from None
    return text


def _link_with(placeholder: str, cure: str) -> AfterValidator:
    def link(text: str) -> str:
        if not _LINK.fullmatch(text.replace(placeholder, "name")):
            raise sources.fault(Code.WRONG_VALUE, f"'{text}' is not a web address", f"write {cure}")
        return text

    return AfterValidator(link)


def _edge(value: object) -> Decimal:
    """A finite number; what a person writes between quotes, or as .inf, is text."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int) or not -_LARGEST_EDGE < value < _LARGEST_EDGE:
        raise sources.fault(Code.WRONG_VALUE, "the edge is not a number", f"write {_HISTOGRAMS_CURE}")
    return Decimal(value)


def _histograms(histograms: dict[str, tuple[Decimal, ...]]) -> dict[str, tuple[Decimal, ...]]:
    for name, edges in histograms.items():
        rising = all(low < high for low, high in itertools.pairwise(edges))
        if not edges or not rising or not _METRIC.fullmatch(name) or name.endswith("_bucket"):
            raise sources.fault(
                Code.WRONG_VALUE, f"'{name}' has no list of edges", f"write {_HISTOGRAMS_CURE}", at=(name,)
            )
    return histograms


_Duration = Annotated[str, AfterValidator(_duration), Field(description=_DURATION_CURE)]
_Link = Annotated[str, _link_with(SLO_PLACEHOLDER, _LINK_CURE), Field(description=_LINK_CURE)]
_AlertLink = Annotated[str, _link_with(ALERT_PLACEHOLDER, _ALERT_LINK_CURE), Field(description=_ALERT_LINK_CURE)]
_Edge = Annotated[Decimal, BeforeValidator(_edge), Field(description=_HISTOGRAMS_CURE)]


class _SettingsSchema(sources.Schema):
    interval: _Duration | None = None
    period_interval: _Duration | None = None
    scrape_interval: _Duration | None = None
    retention: _Duration | None = None
    runbooks: _Link | None = None
    alert_runbooks: _AlertLink | None = None
    dashboards: _Link | None = None
    histograms: Annotated[dict[str, tuple[_Edge, ...]], AfterValidator(_histograms)] = Field(
        {}, description=_HISTOGRAMS_CURE
    )

    @model_validator(mode="after")
    def _in_order(self) -> _SettingsSchema:
        defaults = Settings()
        interval = self.interval or defaults.interval
        period_interval = self.period_interval or defaults.period_interval
        if seconds(period_interval) < seconds(interval):
            message = f"periodInterval {period_interval} is shorter than interval {interval}"
            at = ("periodInterval",) if self.period_interval else ("interval",)
            raise sources.fault(Code.WRONG_VALUE, message, "sums over the whole period need not be newer", at=at)
        return self

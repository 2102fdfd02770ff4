"""The kinds of OpenSLO v1 that objectives are made of. What is not supported is an error that names the field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Generic, Literal, TypeVar

from pydantic import Field, model_validator

from gridobs import sources
from gridobs.codes import Code
from gridobs.slo.model import BadOfTotal, Comparison, GoodOfTotal, Indicator, RawRatio, Threshold
from gridobs.slo.openslo.annotations import PREFIX, Annotations
from gridobs.slo.openslo.fields import (
    LABELS_CURE,
    TARGET_CURE,
    GaugeQuery,
    Labels,
    Minutes,
    Name,
    Percent,
    Plain,
    SliceTarget,
    Target,
    ThresholdValue,
    WindowQuery,
)
from gridobs.slo.openslo.periods import TimeWindow
from gridobs.slo.promql import Query

if TYPE_CHECKING:
    from decimal import Decimal

    from gridobs.sources import Loc

_COMPOSITE_CURE = "remove it: every objective has the indicator of its SLO; write one SLO for each indicator"

QueryText = TypeVar("QueryText", bound=str)


class Metadata(sources.Schema):
    name: Name
    display_name: Plain | None = None
    labels: Labels = Field({}, description=LABELS_CURE)
    annotations: Annotations = Field(
        Annotations.model_construct(), description="pairs of a name, such as gridobs/owner, and text"
    )


class OtherMetadata(sources.Schema):
    """Of what no series is made of, so that labels may be anything."""

    name: Name
    display_name: Plain | None = None
    labels: dict[str, object] = Field({}, description="pairs of a name and text")
    annotations: dict[str, object] = Field({}, description="pairs of a name and text")

    @model_validator(mode="after")
    def _nothing_of_ours(self) -> OtherMetadata:
        for name in self.annotations:
            if name.startswith(PREFIX):
                message = f"'{name}' has no effect here"
                raise sources.fault(Code.NOT_SUPPORTED, message, "move it to the SLO", at=("annotations", name))
        return self


class PrometheusSpec(sources.Schema, Generic[QueryText]):
    query: QueryText


class MetricSource(sources.Schema, Generic[QueryText]):
    metric_source_ref: Name | None = None
    type: Literal["Prometheus"] | None = Field(None, description="type: Prometheus")
    spec: PrometheusSpec[QueryText] = Field(description="spec.query")

    @model_validator(mode="after")
    def _typed(self) -> MetricSource[QueryText]:
        if not self.metric_source_ref and not self.type:
            cure = "write type: Prometheus or the name of a DataSource as metricSourceRef"
            raise sources.fault(Code.MISSING_KEY, "the metric source has no type", cure)
        return self


class Metric(sources.Schema, Generic[QueryText]):
    metric_source: MetricSource[QueryText] = Field(description="metricSource with type: Prometheus and spec.query")

    @property
    def text(self) -> str:
        return self.metric_source.spec.query


class RatioMetric(sources.Schema):
    counter: bool | None = Field(None, description="counter: true")
    bad: Metric[WindowQuery] | None = Field(None, description="bad.metricSource, the events that failed")
    good: Metric[WindowQuery] | None = Field(None, description="good.metricSource, the events that went well")
    total: Metric[WindowQuery] | None = Field(None, description="total.metricSource, all events")
    raw: Metric[GaugeQuery] | None = Field(None, description="raw.metricSource, a ratio computed elsewhere")
    raw_type: Literal["success", "failure"] | None = Field(None, description="success or failure")

    @model_validator(mode="after")
    def _one_kind(self) -> RatioMetric:
        if self.raw:
            self._raw_alone()
        else:
            self._counted()
        return self

    def _raw_alone(self) -> None:
        for name in ("bad", "good", "total"):
            if getattr(self, name):
                message = f"a raw ratio cannot have '{name}' too"
                raise sources.fault(Code.WRONG_VALUE, message, f"remove raw or {name}", at=(name,))
        if not self.raw_type:
            cure = "write success for a ratio of good events, failure for one of bad events"
            raise sources.fault(Code.MISSING_KEY, "rawType is missing", cure)

    def _counted(self) -> None:
        if self.raw_type:
            message = "rawType is for a raw ratio"
            raise sources.fault(Code.WRONG_VALUE, message, "remove it or write raw", at=("rawType",))
        if not self.total:
            raise sources.fault(
                Code.MISSING_KEY, "the ratioMetric has no total", "write total.metricSource, all events"
            )
        if (self.bad is None) == (self.good is None):
            message = "a ratioMetric needs exactly one of bad and good"
            raise sources.fault(Code.WRONG_VALUE, message, "keep the one that is counted directly")
        if self.counter is None:
            raise sources.fault(Code.MISSING_KEY, "counter is missing", "write counter: true")
        if not self.counter:
            message = "the metrics of a ratio must be counters"
            cure = "count with counters and write counter: true, or write a thresholdMetric for a gauge"
            raise sources.fault(Code.NOT_A_COUNTER, message, cure, at=("counter",))
        if self.total.text in {metric.text for metric in (self.bad, self.good) if metric}:
            message = "total is the same query as bad or good"
            raise sources.fault(Code.SAME_QUERY, message, "count all events in total", at=("total",))


class ThresholdMetric(Metric[GaugeQuery]):
    """A gauge."""


class IndicatorSpec(sources.Schema):
    description: Plain | None = None
    ratio_metric: RatioMetric | None = Field(None, description="ratioMetric with counter, total and bad or good")
    threshold_metric: ThresholdMetric | None = Field(None, description="thresholdMetric with metricSource")

    @model_validator(mode="after")
    def _one_metric(self) -> IndicatorSpec:
        if (self.ratio_metric is None) == (self.threshold_metric is None):
            message = "an indicator needs exactly one of ratioMetric and thresholdMetric"
            cure = "write ratioMetric for counters, thresholdMetric for a gauge"
            raise sources.fault(Code.WRONG_VALUE, message, cure)
        return self

    @property
    def metrics(self) -> dict[str, tuple[Loc, Metric[str]]]:
        """By role, each with its place within this."""
        if self.threshold_metric:
            return {"threshold": (("thresholdMetric",), self.threshold_metric)}
        return {
            role: (("ratioMetric", role), metric)
            for role in ("bad", "good", "total", "raw")
            if (metric := getattr(self.ratio_metric, role))
        }

    def indicator(self, comparison: Comparison | None, threshold: Decimal | None) -> Indicator:
        """``comparison`` and ``threshold`` are there if, and only if, there is a thresholdMetric."""
        roles = self.metrics
        queries = {
            role: Query.parse(metric.text, window_required=role not in {"raw", "threshold"})
            for role, (_, metric) in roles.items()
        }
        if comparison is not None and threshold is not None:
            return Threshold(query=queries["threshold"], comparison=comparison, threshold=threshold)
        if "raw" in queries:
            success = self.ratio_metric is not None and self.ratio_metric.raw_type == "success"
            return RawRatio(query=queries["raw"], success=success)
        if "bad" in queries:
            return BadOfTotal(bad=queries["bad"], total=queries["total"])
        return GoodOfTotal(good=queries["good"], total=queries["total"])


class InlineIndicator(sources.Schema):
    metadata: OtherMetadata | None = Field(None, description="a mapping with a name")
    spec: IndicatorSpec = Field(description="spec with ratioMetric or thresholdMetric")


class ObjectiveSpec(sources.Schema):
    unsupported: ClassVar = {
        "indicator": _COMPOSITE_CURE,
        "indicatorRef": _COMPOSITE_CURE,
        "compositeWeight": _COMPOSITE_CURE,
    }

    display_name: Plain | None = None
    target: Target | None = None
    target_percent: Percent | None = None
    op: Literal["lt", "lte", "gt", "gte"] | None = Field(None, description="lt, lte, gt or gte")
    value: ThresholdValue | None = None
    time_slice_target: SliceTarget | None = None
    time_slice_window: Minutes | None = Field(None, description="timeSliceWindow, e.g. 1m")

    @model_validator(mode="after")
    def _one_target(self) -> ObjectiveSpec:
        if self.target is not None and self.target_percent is not None:
            message = "the objective has both target and targetPercent"
            raise sources.fault(Code.WRONG_VALUE, message, "keep one of the two", at=("targetPercent",))
        if self.target is None and self.target_percent is None:
            raise sources.fault(Code.MISSING_KEY, "the objective has no target", f"write target: {TARGET_CURE}")
        return self

    @property
    def share(self) -> Decimal:
        share = self.target if self.target is not None else self.target_percent
        assert share is not None  # noqa: S101 - held by _one_target
        return share


class SloSpec(sources.Schema):
    unsupported: ClassVar = {
        "alertPolicies": "remove it: alerts are compiled from the table of the time window",
    }

    description: Plain | None = None
    service: Name
    indicator: InlineIndicator | None = Field(None, description="indicator.spec with ratioMetric or thresholdMetric")
    indicator_ref: Name | None = None
    time_window: Annotated[tuple[TimeWindow, ...], Field(min_length=1, max_length=1)] = Field(
        description="a list of exactly one window: [{duration: 30d, isRolling: true}]"
    )
    budgeting_method: Literal["Occurrences", "Timeslices", "RatioTimeslices"] = Field(
        description="budgetingMethod: Occurrences, Timeslices or RatioTimeslices"
    )
    objectives: Annotated[tuple[ObjectiveSpec, ...], Field(min_length=1)] = Field(
        description="a list of objectives: [{target: 0.999}]"
    )

    @model_validator(mode="after")
    def _one_indicator(self) -> SloSpec:
        if self.indicator and self.indicator_ref:
            message = "the SLO has both indicator and indicatorRef"
            raise sources.fault(Code.WRONG_VALUE, message, "keep one of the two", at=("indicatorRef",))
        if not self.indicator and not self.indicator_ref:
            cure = "write indicator with its spec, or the name of an SLI as indicatorRef"
            raise sources.fault(Code.MISSING_KEY, "the SLO has no indicator", cure)
        return self


class Slo(sources.Schema):
    api_version: str
    kind: str
    metadata: Metadata = Field(description="metadata.name")
    spec: SloSpec = Field(description="spec with service, indicator, timeWindow, budgetingMethod and objectives")


class Sli(sources.Schema):
    api_version: str
    kind: str
    metadata: OtherMetadata = Field(description="metadata.name")
    spec: IndicatorSpec = Field(description="spec with ratioMetric or thresholdMetric")


class ServiceSpec(sources.Schema):
    description: Plain | None = None


class Service(sources.Schema):
    api_version: str
    kind: str
    metadata: OtherMetadata = Field(description="metadata.name")
    spec: ServiceSpec | None = Field(None, description="spec.description or nothing")


class DataSourceSpec(sources.Schema):
    description: Plain | None = None
    type: Literal["Prometheus"] = Field(description="type: Prometheus; no other source is supported")
    connection_details: object = None
    """Not for rules: they run where the data is."""


class DataSource(sources.Schema):
    api_version: str
    kind: str
    metadata: OtherMetadata = Field(description="metadata.name")
    spec: DataSourceSpec = Field(description="spec.type: Prometheus")

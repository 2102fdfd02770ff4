"""The OpenSLO v1 files that are understood: one ``kind: SLO`` with an inline ratio indicator.

Format: https://github.com/OpenSLO/OpenSLO#slo. What is not supported is an error that names the field.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gridobs import conventions, sources
from gridobs.codes import Code
from gridobs.errors import SourceError
from gridobs.slo.model import BadOfTotal, GoodOfTotal, Indicator, Objective, Rolling
from gridobs.slo.promql import WINDOW, Query, QueryError
from gridobs.slo.windows import tables

_NAME_CURE = "a name of at most 63 a-z, 0-9 and '-', with no '-' at either end, e.g. power-latency-p99"
_TARGET_CURE = "the share of good events as a decimal above 0 and below 1, e.g. 0.999"
_QUERY_CURE = f"PromQL with {WINDOW} as its range, e.g. sum(rate(power_records_total{WINDOW}))"
_TEXT_CURE = "plain text, not empty and without {{"
_LABELS_CURE = "pairs of a label name ([a-z_][a-z0-9_]*, not one that gridobs sets) and text"
_INLINE_CURE = "write the indicator inline under spec.indicator"
_RATIO_CURE = "write a ratioMetric with counter, total and one of bad or good"
_TARGET_DIGITS = 9
_LABEL_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise sources.fault(Code.INVALID_NAME, f"'{text}' is not a name", f"use {_NAME_CURE}")
    return text


def _plain(text: str) -> str:
    """One line of text; braces are refused because annotations are templates to Prometheus."""
    if not text.strip() or "{{" in text:
        raise sources.fault(Code.WRONG_VALUE, "the text is empty or holds {{", f"write {_TEXT_CURE}")
    return " ".join(text.split())


def _target(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise sources.fault(Code.TARGET_OUT_OF_RANGE, "the target is not a decimal number", f"write {_TARGET_CURE}")
    target = Decimal(value)
    if target == 1:
        raise sources.fault(Code.TARGET_OUT_OF_RANGE, "a target of 1 leaves no error budget", f"write {_TARGET_CURE}")
    if 1 < target < 100:  # noqa: PLR2004 - percent, as people say it
        raise sources.fault(
            Code.TARGET_OUT_OF_RANGE,
            f"a target of {value} is a percentage",
            f"write {target.scaleb(-2).normalize():f}",
        )
    if not 0 < target < 1:
        raise sources.fault(
            Code.TARGET_OUT_OF_RANGE, f"a target of {value} is not between 0 and 1", f"write {_TARGET_CURE}"
        )
    if -int(target.as_tuple().exponent) > _TARGET_DIGITS:
        raise sources.fault(
            Code.TARGET_OUT_OF_RANGE, f"the target has more than {_TARGET_DIGITS} decimals", f"write {_TARGET_CURE}"
        )
    return target


def _query(text: str) -> str:
    try:
        Query.parse(text)
    except QueryError as error:
        raise sources.fault(Code.INVALID_PROMQL, str(error), f"write {_QUERY_CURE}") from None
    return text


def _period(text: str) -> str:
    if text not in tables():
        raise sources.fault(
            Code.INVALID_WINDOW,
            f"no alert windows are known for a period of '{text}'",
            f"use one of {', '.join(tables())}",
        )
    return text


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s{}]+", text):
        raise sources.fault(
            Code.WRONG_VALUE, "the runbook is not a web address", "write one that starts with https://"
        )
    return text


def _labels(labels: dict[str, str]) -> dict[str, str]:
    ours = {
        conventions.LABEL_SITE, conventions.LABEL_REGION, conventions.LABEL_SERVICE, conventions.LABEL_SLO,
        conventions.LABEL_SEVERITY, conventions.LABEL_SCOPE, *conventions.SLO_INFO_LABELS,
    }  # fmt: skip
    for name in labels:
        if name in ours or name.startswith("__") or not _LABEL_NAME.fullmatch(name):
            raise sources.fault(Code.INVALID_NAME, f"'{name}' cannot be a label here", f"write {_LABELS_CURE}")
    return labels


Name = Annotated[str, AfterValidator(_name), Field(description=_NAME_CURE)]
Plain = Annotated[str, AfterValidator(_plain), Field(description=_TEXT_CURE)]


class Annotations(sources.Schema):
    owner: Plain | None = Field(None, alias="gridobs/owner", description="gridobs/owner: a team or a person")
    runbook: Annotated[str, AfterValidator(_url)] | None = Field(
        None, alias="gridobs/runbook", description="gridobs/runbook: the web address of the runbook"
    )


class Metadata(sources.Schema):
    name: Name
    display_name: Plain | None = Field(None, description=_TEXT_CURE)
    labels: Annotated[dict[str, str], AfterValidator(_labels)] = Field({}, description=_LABELS_CURE)
    annotations: Annotations = Field(
        Annotations.model_construct(), description="pairs of gridobs/owner or gridobs/runbook and text"
    )


class IndicatorMetadata(sources.Schema):
    name: Name
    display_name: Plain | None = Field(None, description=_TEXT_CURE)


class PrometheusSpec(sources.Schema):
    query: Annotated[str, AfterValidator(_query)] = Field(description=_QUERY_CURE)


class MetricSource(sources.Schema):
    unsupported: ClassVar = {"metricSourceRef": "write type: Prometheus and spec.query inline"}

    type: Literal["Prometheus"] = Field(description="type: Prometheus")
    spec: PrometheusSpec = Field(description=f"spec.query: {_QUERY_CURE}")


class Metric(sources.Schema):
    metric_source: MetricSource = Field(description="metricSource with type: Prometheus and spec.query")

    @property
    def query(self) -> Query:
        return Query.parse(self.metric_source.spec.query)


class RatioMetric(sources.Schema):
    unsupported: ClassVar = {"raw": _RATIO_CURE, "rawType": _RATIO_CURE}

    counter: Literal[True] = Field(description="counter: true; the metrics must be counters")
    bad: Metric | None = Field(None, description="bad.metricSource, the events that failed")
    good: Metric | None = Field(None, description="good.metricSource, the events that went well")
    total: Metric = Field(description="total.metricSource, all events")

    @model_validator(mode="after")
    def _one_numerator(self) -> RatioMetric:
        if (self.bad is None) == (self.good is None):
            raise sources.fault(
                Code.WRONG_VALUE,
                "a ratioMetric needs exactly one of bad and good",
                "keep the one that is counted directly",
            )
        if (self.bad or self.good) == self.total:
            raise sources.fault(
                Code.SAME_QUERY, "total is the same query as bad or good", "count all events in total"
            )
        return self

    @property
    def indicator(self) -> Indicator:
        if self.bad:
            return BadOfTotal(bad=self.bad.query, total=self.total.query)
        assert self.good  # noqa: S101 - held by _one_numerator
        return GoodOfTotal(good=self.good.query, total=self.total.query)


class IndicatorSpec(sources.Schema):
    unsupported: ClassVar = {"thresholdMetric": _RATIO_CURE}

    description: Plain | None = Field(None, description=_TEXT_CURE)
    ratio_metric: RatioMetric = Field(description="ratioMetric with counter, total and one of bad or good")


class InlineIndicator(sources.Schema):
    metadata: IndicatorMetadata | None = Field(None, description="a mapping with a name")
    spec: IndicatorSpec = Field(description="spec.ratioMetric with counter, total and one of bad or good")


class TimeWindow(sources.Schema):
    unsupported: ClassVar = {"calendar": "write a rolling window: duration: 30d and isRolling: true"}

    duration: Annotated[str, AfterValidator(_period)] = Field(description="duration: 30d")
    is_rolling: Literal[True] = Field(description="isRolling: true; calendar windows are not supported")


class Target(sources.Schema):
    unsupported: ClassVar = {
        "op": "remove it: a ratio has no threshold",
        "value": "remove it: a ratio has no threshold",
        "targetPercent": f"write target: {_TARGET_CURE}",
        "timeSliceTarget": "remove it: only Occurrences are budgeted",
        "timeSliceWindow": "remove it: only Occurrences are budgeted",
        "indicator": _INLINE_CURE,
        "indicatorRef": _INLINE_CURE,
        "compositeWeight": "write one file for each objective",
        "displayName": "write it as metadata.displayName",
    }

    target: Annotated[Decimal, BeforeValidator(_target)] = Field(description=_TARGET_CURE)


class Spec(sources.Schema):
    unsupported: ClassVar = {
        "indicatorRef": _INLINE_CURE,
        "alertPolicies": "remove it: alerts are compiled from the table of the time window",
    }

    description: Plain | None = Field(None, description=_TEXT_CURE)
    service: Name
    indicator: InlineIndicator = Field(description="indicator.spec.ratioMetric, inline")
    time_window: Annotated[tuple[TimeWindow, ...], Field(min_length=1, max_length=1)] = Field(
        description="a list of exactly one window: [{duration: 30d, isRolling: true}]"
    )
    budgeting_method: Literal["Occurrences"] = Field(description="budgetingMethod: Occurrences")
    objectives: Annotated[tuple[Target, ...], Field(min_length=1, max_length=1)] = Field(
        description="a list of exactly one objective: [{target: 0.999}]; write one file for each further one"
    )


class SloDocument(sources.Schema):
    api_version: Literal["openslo/v1"] = Field(description="apiVersion: openslo/v1")
    kind: Literal["SLO"] = Field(description="kind: SLO; other kinds are not supported")
    metadata: Metadata = Field(description="metadata.name")
    spec: Spec = Field(description="spec with service, indicator, timeWindow, budgetingMethod and objectives")


def objective(document: sources.Document) -> Objective:
    """The objective a document states. Raises SourceError with every fault."""
    _check_kind(document)
    slo = sources.check(document, SloDocument)
    metadata, spec = slo.metadata, slo.spec
    return Objective(
        name=metadata.name,
        service=spec.service,
        title=metadata.display_name or metadata.name,
        description=spec.description or "",
        target=spec.objectives[0].target,
        period=Rolling(spec.time_window[0].duration),
        table=tables()[spec.time_window[0].duration],
        indicator=spec.indicator.spec.ratio_metric.indicator,
        owner=metadata.annotations.owner,
        runbook=metadata.annotations.runbook,
        labels=metadata.labels,
    )


def _check_kind(document: sources.Document) -> None:
    """Say only that a document is of another kind, not also how it differs from an SLO."""
    data = document.data if isinstance(document.data, dict) else {}
    problems = [
        document.problem(
            Code.UNKNOWN_KIND,
            (key,),
            f"{key} '{data[key]}' is not supported",
            f"write {key}: {known} or move it elsewhere",
        )
        for key, known in (("apiVersion", "openslo/v1"), ("kind", "SLO"))
        if data.get(key, known) != known
    ]
    if problems:
        raise SourceError(problems)

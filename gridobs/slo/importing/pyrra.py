"""Pyrra's Kubernetes resource ServiceLevelObjective.

Pyrra's four alert tiers, become those of gridobs for the period: paces of 14, 7, 2
and 1 become 13.4, 5.6, 2.8 and 0.93 at 28 days (docs/import.md says how to keep them).
Source: github.com/pyrra-dev/pyrra, kubernetes/api/v1alpha1 and slo/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import ConfigDict, Field

from gridobs import conventions, sources
from gridobs.codes import Code
from gridobs.rules.durations import seconds
from gridobs.slo.importing import queries
from gridobs.slo.importing.imported import MISSING_DATA, Imported, gauge, ratio
from gridobs.slo.importing.review import Review, pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridobs.sources import Loc

API_VERSION = "pyrra.dev/v1alpha1"
KIND = "ServiceLevelObjective"

_PREFIX = "pyrra.dev/"
_PAIRS = "pairs of a name and text; text that looks like a number needs quotes"
_METRIC = 'metric: a selector such as http_requests_total{job="api"}'
_SECONDS_PER_DAY = 86_400
_LONGEST_DAYS = 90
_SEVERITIES = {
    "fastBurn": {"critical", "page"},
    "mediumBurn": {"critical", "page"},
    "slowBurn": {"warning", "ticket"},
    "longTermBurn": {"warning", "ticket"},
    "absent": {"critical", "warning", "ticket"},
}


# --- the format -----------------------------------------------------------------------------------------------------
class _Kubernetes(sources.Schema):
    """Fields that Kubernetes keeps for itself are not listed."""

    model_config = ConfigDict(extra="ignore")


class Metadata(_Kubernetes):
    name: str = Field(description="the name of the SLO")
    labels: dict[str, str] = Field({}, description=_PAIRS)
    annotations: dict[str, str] = Field({}, description=_PAIRS)


class Metric(sources.Schema):
    metric: str = Field(description=_METRIC)


class Ratio(sources.Schema):
    errors: Metric | None = Field(None, description=_METRIC)
    success: Metric | None = Field(None, description=_METRIC)
    total: Metric | None = Field(None, description=_METRIC)
    grouping: tuple[str, ...] = Field((), description="a list of labels")


class Latency(sources.Schema):
    success: Metric = Field(description=_METRIC)
    total: Metric = Field(description=_METRIC)
    grouping: tuple[str, ...] = Field((), description="a list of labels")


class BoolGauge(Metric):
    grouping: tuple[str, ...] = Field((), description="a list of labels")


class Indicator(sources.Schema):
    ratio: Ratio | None = Field(None, description="ratio with errors and total")
    latency: Latency | None = Field(None, description="latency with success and total")
    latency_native: object = None
    bool_gauge: BoolGauge | None = Field(None, alias="bool_gauge", description="bool_gauge with metric")


class Alerting(sources.Schema):
    disabled: bool = Field(default=False, description="true or false")
    burnrates: bool = Field(default=True, description="true or false")
    absent: bool = Field(default=True, description="true or false")
    name: str = Field("", description="the name of the alerts")
    absent_name: str = Field("", description="the name of the alert for missing data")
    severities: dict[str, str] = Field({}, description=_PAIRS)


class RuleOutput(sources.Schema):
    enable_description_as_label: bool = Field(default=False, description="true or false")
    short_rules_labels: object = None
    long_rules_labels: object = None


class Spec(sources.Schema):
    description: str = Field("", description="text")
    target: str = Field(description='a percentage in quotes, e.g. "99.9"')
    window: str = Field(description="a duration such as 4w")
    indicator: Indicator = Field(description="indicator with one of ratio, latency and bool_gauge")
    alerting: Alerting = Field(Alerting.model_construct(), description="alerting with name, burnrates and absent")
    partial_response_strategy: Literal["abort", "warn", ""] = Field(
        "abort", alias="partial_response_strategy", description="abort or warn"
    )
    performance_over_accuracy: bool = Field(default=False, description="true or false")
    rule_output: RuleOutput = Field(RuleOutput.model_construct(), description="labels of the generated resources")


class Resource(sources.Schema):
    """``status`` is Pyrra's own and reaches no rule."""

    api_version: Literal["pyrra.dev/v1alpha1"] = Field(description=f"apiVersion: {API_VERSION}")
    kind: Literal["ServiceLevelObjective"] = Field(description=f"kind: {KIND}")
    metadata: Metadata = Field(description="metadata with name")
    spec: Spec = Field(description="spec with target, window and indicator")
    status: object = None


# --- from one to the other ------------------------------------------------------------------------------------------
def slo(document: sources.Document) -> Imported:
    """The SLO of a document. Raises SourceError with every problem."""
    resource = sources.check(document, Resource)
    metadata, spec, review = resource.metadata, resource.spec, Review(document)
    notes = [f"From Pyrra: {metadata.name}."]
    name = review.name(metadata.name, ("metadata", "name"), what="the name")
    propagated = {pair.name: pair for pair in pairs(_propagated(metadata.labels), ("metadata", "labels"))}
    named = propagated.pop(conventions.LABEL_SERVICE, None)
    service = named.value if named else name
    if named:
        review.name(service, ("metadata", "labels", _PREFIX + conventions.LABEL_SERVICE), what="the service")
    else:
        notes.append("Pyrra names no service unless by the label pyrra.dev/service; write the right one here.")
    labels, annotations = review.labels(
        [pair._replace(loc=("metadata", "labels", _PREFIX + pair.name)) for pair in propagated.values()],
        ours={conventions.LABEL_SLO: name},
    )
    if labels:
        notes.append(
            "Pyrra puts the labels on every series and alert, gridobs on slo_info: join it, or route by slo."
        )
    links = review.links(
        pair._replace(loc=("metadata", "annotations", _PREFIX + pair.name))
        for pair in pairs(_propagated(metadata.annotations), ())
    )
    _spec(review, spec)
    is_gauge = spec.indicator.bool_gauge is not None
    made = Imported(
        loc=("metadata", "name"),
        name=name,
        service=service,
        labels=labels | _old_alerts(spec.alerting, name, notes),
        annotations={**annotations, **links, **({} if spec.alerting.absent else {MISSING_DATA: "ignore"})},
        description=review.description(spec.description, ("spec", "description")),
        indicator=_indicator(review, spec.indicator),
        days=_days(review, spec.window),
        target=review.target(spec.target, ("spec", "target")),
        goal={"op": "gte", "value": 1} if is_gauge else {},
        notes=tuple(notes),
    )
    review.finish()
    return made


def _propagated(pairs_of_kubernetes: Mapping[str, str]) -> dict[str, str]:
    """What Pyrra puts on rules; anything else stays in Kubernetes."""
    return {
        name.removeprefix(_PREFIX): value for name, value in pairs_of_kubernetes.items() if name.startswith(_PREFIX)
    }


def _spec(review: Review, spec: Spec) -> None:
    alerting = spec.alerting
    for is_off, key in ((alerting.disabled, "disabled"), (not alerting.burnrates, "burnrates")):
        if is_off:
            review.refuse(
                ("spec", "alerting", key),
                f"{key} turns all burn alerts off, and an objective cannot be without",
                "remove it; Alertmanager can silence them",
            )
    for tier, severity in alerting.severities.items():
        if severity not in _SEVERITIES.get(tier, ()):
            review.refuse(
                ("spec", "alerting", "severities", tier),
                f"{tier} cannot have the severity '{severity}'",
                "remove it; import, then write gridobs/alert-windows for other tiers",
            )
    if spec.rule_output.enable_description_as_label:
        review.refuse(
            ("spec", "ruleOutput", "enableDescriptionAsLabel"),
            "the description cannot be a label",
            "remove it; alerts carry it as an annotation",
        )


def _old_alerts(alerting: Alerting, name: str, notes: list[str]) -> dict[str, str]:
    """Labels that remember the names alerts had; says so in ``notes``."""
    renamed = (
        (conventions.LABEL_IMPORTED_ALERT, alerting.name, conventions.burn_alert(name)),
        (conventions.LABEL_IMPORTED_ABSENT_ALERT, alerting.absent_name, conventions.data_alert(name)),
    )
    labels = {}
    for label, old, new in renamed:
        if old and old != new and (alerting.absent or label == conventions.LABEL_IMPORTED_ALERT):
            labels[label] = old
            notes.append(f"The alert {old} is now {new}; see what routes or silences by name.")
    return labels


def _days(review: Review, window: str) -> int:
    loc = ("spec", "window")
    try:
        length = seconds(window)
    except ValueError as error:
        message, _, cure = str(error).partition("; ")
        review.refuse(loc, message, cure, key=False, code=Code.INVALID_WINDOW)
        return 0
    days, rest = divmod(length, _SECONDS_PER_DAY)
    if rest or not 1 <= days <= _LONGEST_DAYS:
        message = f"a window of {window} is not a whole number of days from 1 to {_LONGEST_DAYS}"
        review.refuse(loc, message, "write e.g. 28d", key=False)
    return days


def _indicator(review: Review, indicator: Indicator) -> dict[str, object]:
    loc: Loc = ("spec", "indicator")
    native, known = indicator.latency_native, (indicator.ratio, indicator.latency, indicator.bool_gauge)
    review.refuse_if_set(
        native,
        (*loc, "latencyNative"),
        "reads native histograms, which have no counters of events to read",
        "write latency with a classic histogram",
    )
    if [native, *known].count(None) != len(known):
        review.refuse(
            loc, "an SLO needs exactly one of ratio, latency and bool_gauge", "keep one", code=Code.WRONG_VALUE
        )
    for key, one in zip(("ratio", "latency", "bool_gauge"), known, strict=True):
        if one and one.grouping:
            review.refuse(
                (*loc, key, "grouping"),
                "grouping gives each group a budget of its own, but an SLO has one for each site",
                "remove it for one budget in all, or write an SLO for each group with selectors that name it",
            )
    if indicator.ratio:
        return _ratio(review, indicator.ratio, (*loc, "ratio"))
    if indicator.latency:
        good = _selector(review, indicator.latency.success, (*loc, "latency", "success"), edge=True)
        total = _selector(review, indicator.latency.total, (*loc, "latency", "total"))
        return ratio(good=queries.rate(good), total=queries.rate(total))
    if indicator.bool_gauge:
        return gauge(_selector(review, indicator.bool_gauge, (*loc, "bool_gauge")))
    return {}


def _ratio(review: Review, written: Ratio, loc: Loc) -> dict[str, object]:
    selectors = {
        key: queries.rate(_selector(review, metric, (*loc, key)))
        for key, metric in (("errors", written.errors), ("success", written.success), ("total", written.total))
        if metric
    }
    match selectors:
        case {"errors": bad, "total": total, **others} if not others:
            review.differ(bad, total, (*loc, "total"))
            return ratio(bad=bad, total=total)
        case {"success": good, "total": total, **others} if not others:
            review.differ(good, total, (*loc, "total"))
            return ratio(good=good, total=total)
        case {"errors": bad, "success": good, **others} if not others:
            return ratio(good=good, total=f"{bad} + {good}")
    message = "a ratio needs exactly two of errors, success and total"
    review.refuse(loc, message, "write errors and total", code=Code.WRONG_VALUE)
    return {}


def _selector(review: Review, written: Metric, loc: Loc, *, edge: bool = False) -> str:
    """The selector as it will be written; ``edge`` is whether it must be of one bucket."""
    found = queries.selector(written.metric)
    at = (*loc, "metric")
    if found is None:
        review.refuse(
            at, f"{loc[-1]} is not a selector of a named metric", f"write {_METRIC}", code=Code.INVALID_PROMQL
        )
        return written.metric
    if found.offset is not None or found.at is not None or found.matchers.or_matchers:
        review.refuse(at, f"{loc[-1]} has an offset, an @ or an 'or'", "write a selector without")
    if edge and not any(matcher.name == "le" for matcher in found.matchers.matchers):
        review.refuse(at, "success names no bucket", 'write the edge as le="0.1"', code=Code.WRONG_VALUE)
    return queries.spelled(found)

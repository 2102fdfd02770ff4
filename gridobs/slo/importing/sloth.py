"""Sloth's two forms: the file ``version: prometheus/v1`` and the Kubernetes resource PrometheusServiceLevel.

Both say the same, one in snake_case, the other in camelCase. Sources: github.com/slok/sloth, pkg/prometheus/api/v1
and pkg/kubernetes/api/sloth/v1; its alert tiers are those of internal/alert/windows/google-30d.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from gridobs import conventions, sources
from gridobs.codes import Code
from gridobs.slo.importing.imported import Imported, error_ratio, ratio
from gridobs.slo.importing.review import Pair, Review, pairs
from gridobs.slo.openslo.annotations import ALERT_WINDOWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs.sources import Loc

VERSION = "prometheus/v1"
API_VERSION = "sloth.slok.dev/v1"
KIND = "PrometheusServiceLevel"

_DAYS = 30
_LONGEST_NAME = 63
_PAIRS = "pairs of a name and text; text that looks like a number needs quotes"
_QUERY = "a PromQL query with [{{.window}}] as its range"


# --- the formats ----------------------------------------------------------------------------------------------------
class _Snake(sources.Schema):
    model_config = ConfigDict(alias_generator=None)


class Raw(_Snake):
    error_ratio_query: str = Field(description=_QUERY)


class Events(_Snake):
    error_query: str = Field(description=_QUERY)
    total_query: str = Field(description=_QUERY)


class Sli(_Snake):
    raw: Raw | None = Field(None, description="raw with the query of an error ratio")
    events: Events | None = Field(None, description="events with the queries of errors and of all events")
    plugin: object = None


class Alert(_Snake):
    disable: bool = Field(default=False, description="true or false")
    labels: dict[str, str] = Field({}, description=_PAIRS)
    annotations: dict[str, str] = Field({}, description=_PAIRS)
    pending: object = Field(None, alias="for")


class Alerting(_Snake):
    name: str = Field("", description="the name of the alerts")
    labels: dict[str, str] = Field({}, description=_PAIRS)
    annotations: dict[str, str] = Field({}, description=_PAIRS)
    page_alert: Alert = Field(Alert.model_construct(), description="disable, labels, annotations")
    ticket_alert: Alert = Field(Alert.model_construct(), description="disable, labels, annotations")


class Slo(_Snake):
    name: str = Field(description="the name of the SLO")
    description: str = Field("", description="text")
    objective: object = Field(description="a percentage, e.g. 99.9")
    labels: dict[str, str] = Field({}, description=_PAIRS)
    info_labels: dict[str, str] = Field({}, alias="infoLabels", description=_PAIRS)
    sli: Sli = Field(description="sli with one of events and raw")
    alerting: Alerting = Field(description="alerting with name")
    plugins: object = None
    interval: object = None


class Service(_Snake):
    service: str = Field(description="the name of the service")
    labels: dict[str, str] = Field({}, description=_PAIRS)
    slo_plugins: object = None
    slos: tuple[Slo, ...] = Field(min_length=1, description="a list of at least one SLO")


class ServiceFile(Service):
    version: Literal["prometheus/v1"] = Field(description="version: prometheus/v1")


class _CamelRaw(Raw):
    model_config = ConfigDict(alias_generator=to_camel)


class _CamelEvents(Events):
    model_config = ConfigDict(alias_generator=to_camel)


class _CamelSli(Sli):
    raw: _CamelRaw | None = Field(None, description="raw with the query of an error ratio")
    events: _CamelEvents | None = Field(None, description="events with the queries of errors and of all events")


class _CamelAlerting(Alerting):
    model_config = ConfigDict(alias_generator=to_camel)


class _CamelSlo(Slo):
    sli: _CamelSli = Field(description="sli with one of events and raw")
    alerting: _CamelAlerting = Field(description="alerting with name")


class _CamelService(Service):
    model_config = ConfigDict(alias_generator=to_camel)

    slos: tuple[_CamelSlo, ...] = Field(min_length=1, description="a list of at least one SLO")


class Resource(sources.Schema):
    """``metadata`` and ``status`` are Kubernetes' own; neither reaches a rule."""

    api_version: Literal["sloth.slok.dev/v1"] = Field(description=f"apiVersion: {API_VERSION}")
    kind: Literal["PrometheusServiceLevel"] = Field(description=f"kind: {KIND}")
    metadata: object = None
    spec: _CamelService = Field(description="spec with service and slos")
    status: object = None


# --- from one to the other ------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class _Tier:
    alert: str
    severity: str
    windows: str
    percent: int
    factor: Decimal

    def __str__(self) -> str:
        return f"{self.severity} {self.windows} {self.percent}%"


_TIERS = (
    _Tier(alert="page_alert", severity="page", windows="1h/5m", percent=2, factor=Decimal("14.4")),
    _Tier(alert="page_alert", severity="page", windows="6h/30m", percent=5, factor=Decimal(6)),
    _Tier(alert="ticket_alert", severity="ticket", windows="1d/2h", percent=10, factor=Decimal(3)),
    _Tier(alert="ticket_alert", severity="ticket", windows="3d/6h", percent=10, factor=Decimal(1)),
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where something stands, its keys spelled as the form spells them."""

    loc: Loc
    is_camel: bool

    def to(self, *keys: str | int) -> Loc:
        return (*self.loc, *(to_camel(key) if self.is_camel and isinstance(key, str) else key for key in keys))


def slos(document: sources.Document) -> list[Imported]:
    """The SLOs of a document in either form. Raises SourceError with every problem."""
    is_camel = isinstance(document.data, dict) and "version" not in document.data
    service: Service = sources.check(document, Resource).spec if is_camel else sources.check(document, ServiceFile)
    root, review = _Place(("spec",) if is_camel else (), is_camel), Review(document)
    review.refuse_if_set(
        service.slo_plugins, root.to("slo_plugins"), "change the rules in ways that are not known", "remove them"
    )
    review.name(service.service, root.to("service"), what="the service")
    made = [_slo(review, service, slo, root, number) for number, slo in enumerate(service.slos)]
    review.finish()
    return made


def _slo(review: Review, service: Service, slo: Slo, root: _Place, number: int) -> Imported:
    place = _Place(root.to("slos", number), root.is_camel)
    review.refuse_if_set(
        slo.plugins, place.to("plugins"), "change the rules in ways that are not known", "remove them"
    )
    review.refuse_if_set(
        slo.interval,
        place.to("interval"),
        "cannot differ between SLOs",
        "remove it; alerts/settings.yaml has one for all",
    )
    name = _name(review, service.service, slo.name, place)
    written = [
        *pairs(service.labels, root.to("labels")),
        *pairs(slo.labels, place.to("labels")),
        *pairs(slo.info_labels, (*place.loc, "infoLabels")),
    ]
    ours = {conventions.LABEL_SERVICE: service.service, conventions.LABEL_SLO: name}
    labels, annotations = review.labels(written, ours=ours)
    target = review.target(slo.objective, place.to("objective"))
    alert_annotations, old_alert = _alerting(review, place, slo, target, {**service.labels, **slo.labels})
    notes = [f"From Sloth: the SLO {slo.name} of the service {service.service}."]
    if service.labels or slo.labels:
        notes.append(
            "Sloth puts the labels on every series and alert, gridobs on slo_info: join it, or route by slo."
        )
    if old_alert and old_alert != conventions.burn_alert(name):
        labels[conventions.LABEL_IMPORTED_ALERT] = old_alert
        notes.append(
            f"The alert {old_alert} is now {conventions.burn_alert(name)}; see what routes or silences by name."
        )
    if slo.sli.raw:
        notes.append("Sloth averages its ratio over recordings of 5 min; RatioTimeslices of 5 min mean the same.")
    return Imported(
        loc=place.to("name"),
        notes=tuple(notes),
        name=name,
        service=service.service,
        labels=labels,
        annotations=annotations | alert_annotations,
        description=review.description(slo.description, place.to("description")),
        indicator=_indicator(review, slo.sli, _Place(place.to("sli"), place.is_camel)),
        days=_DAYS,
        budgeting="RatioTimeslices" if slo.sli.raw else "Occurrences",
        target=target,
        goal={"timeSliceWindow": "5m"} if slo.sli.raw else {},
    )


def _name(review: Review, service: str, slo: str, place: _Place) -> str:
    """Sloth's own id of the SLO, which is unique among services."""
    review.name(slo, place.to("name"), what="the name")
    name = f"{service}-{slo}"
    if len(name) > _LONGEST_NAME:
        message = f"the name '{name}', of service and SLO, is longer than {_LONGEST_NAME}"
        review.refuse(place.to("name"), message, "shorten it", key=False)
    return name


def _indicator(review: Review, sli: Sli, place: _Place) -> dict[str, object]:
    review.refuse_if_set(
        sli.plugin,
        place.to("plugin"),
        "makes queries that are not in this file",
        "write the queries it makes as sli.events; sloth generate shows them",
    )
    if [sli.raw, sli.events, sli.plugin].count(None) != len(("raw", "events")):
        message = "an SLI needs exactly one of events and raw"
        review.refuse(place.loc, message, "keep one", code=Code.WRONG_VALUE)
    if sli.events:
        remedy = "write sum(...) around it, without by: each site has a budget of its own already"
        bad = review.query(sli.events.error_query, place.to("events", "error_query"), remedy=remedy)
        total = review.query(sli.events.total_query, place.to("events", "total_query"), remedy=remedy)
        review.differ(bad, total, place.to("events", "total_query"))
        return ratio(bad=bad, total=total)
    if sli.raw:
        remedy = "write a query for one ratio, e.g. sum(...) / sum(...) or max(...)"
        return error_ratio(
            review.query(sli.raw.error_ratio_query, place.to("raw", "error_ratio_query"), remedy=remedy)
        )
    return {}


def _alerting(
    review: Review, place: _Place, slo: Slo, target: Decimal, carried: dict[str, str]
) -> tuple[dict[str, str], str]:
    """The annotations the alerts become, and the name they had."""
    alerting = slo.alerting
    alerts = {"page_alert": alerting.page_alert, "ticket_alert": alerting.ticket_alert}
    enabled = [name for name, alert in alerts.items() if not alert.disable]
    reachable = [tier for tier in _TIERS if tier.alert in enabled and tier.factor * (1 - target) < 1]
    if not enabled:
        loc = place.to("alerting", "page_alert", "disable")
        review.refuse(loc, "an objective cannot be without alerts", "enable one; Alertmanager can silence it")
        return {}, ""
    if target and not reachable:
        message = f"{' and '.join(enabled)} can never fire at this objective"
        review.refuse(place.to("objective"), message, "write a higher objective or enable both alerts", key=False)
    _labels(review, pairs(alerting.labels, place.to("alerting", "labels")), enabled, carried)
    annotations = pairs(alerting.annotations, place.to("alerting", "annotations"))
    for name in enabled:
        alert = alerts[name]
        _labels(review, pairs(alert.labels, place.to("alerting", name, "labels")), [name], carried)
        annotations += pairs(alert.annotations, place.to("alerting", name, "annotations"))
        review.refuse_if_set(
            alert.pending, place.to("alerting", name, "for"), "is not for an objective to say", "remove it"
        )
    windows = {} if len(enabled) == len(alerts) else {ALERT_WINDOWS: ", ".join(map(str, reachable))}
    return review.links(annotations) | windows, alerting.name


def _labels(review: Review, labels: Sequence[Pair], alerts: Sequence[str], carried: dict[str, str]) -> None:
    """Alerts carry slo, service, severity and scope; any other label is a problem unless the SLO carries it."""
    severities = {tier.severity for tier in _TIERS if tier.alert in alerts}
    for name, value, loc in labels:
        if carried.get(name) == value or (name == conventions.LABEL_SEVERITY and severities == {value}):
            continue
        cure = "remove it and route by slo, service, or severity, which is page or ticket"
        review.refuse(loc, f"alerts cannot carry the label '{name}: {value}'", cure)

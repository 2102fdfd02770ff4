"""What single fields may hold."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from gridobs import conventions, sources
from gridobs.codes import Code
from gridobs.slo.promql import WINDOW, Query, QueryError

NAME_CURE = "a name of at most 63 a-z, 0-9 and '-', with no '-' at either end, e.g. power-latency-p99"
TARGET_CURE = "the share of good events as a decimal above 0 and below 1, e.g. 0.999"
PERCENT_CURE = "the percentage of good events above 0 and below 100, e.g. 99.9"
QUERY_CURE = f"PromQL with {WINDOW} as its range, e.g. sum(rate(power_records_total{WINDOW}))"
GAUGE_QUERY_CURE = "PromQL that gives the value itself, e.g. power_backlog_messages"
TEXT_CURE = "plain text, not empty and without {{"
LABELS_CURE = "pairs of a label name ([a-z_][a-z0-9_]*, not one that gridobs sets) and text"
URL_CURE = "a web address that starts with https://"
SLICE_TARGET_CURE = "the share of a slice's events that must be good, above 0 and at most 1, e.g. 0.95"
THRESHOLD_CURE = "the number the values are compared with, e.g. 0.5"

_DECIMALS = 9
STRICTEST = 1 - Decimal(1).scaleb(-_DECIMALS)
"""The highest target there is."""
_LARGEST = Decimal(10) ** 15
_LABEL_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_URL = re.compile(r"https?://[^\s{}]+")


def is_name(text: str) -> bool:
    return bool(_NAME.fullmatch(text))


def is_url(text: str) -> bool:
    return bool(_URL.fullmatch(text))


def _name(text: str) -> str:
    if not is_name(text):
        raise sources.fault(Code.INVALID_NAME, f"'{text}' is not a name", f"use {NAME_CURE}")
    return text


def _plain(text: str) -> str:
    """One line of text; braces are refused because annotations are templates to Prometheus."""
    if not text.strip() or "{{" in text:
        raise sources.fault(Code.WRONG_VALUE, "the text is empty or holds {{", f"write {TEXT_CURE}")
    return " ".join(text.split())


def _url(text: str) -> str:
    if not is_url(text):
        raise sources.fault(Code.WRONG_VALUE, f"'{text}' is not a web address", f"write {URL_CURE}")
    return text


def _number(value: object, what: str, cure: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise sources.fault(Code.TARGET_OUT_OF_RANGE, f"the {what} is not a decimal number", f"write {cure}")
    return Decimal(value)


def _digits(number: Decimal, decimals: int, what: str, cure: str) -> Decimal:
    if -int(number.as_tuple().exponent) > decimals:
        raise sources.fault(
            Code.TARGET_OUT_OF_RANGE, f"the {what} has more than {decimals} decimals", f"write {cure}"
        )
    return number


def _target(value: object) -> Decimal:
    target = _number(value, "target", TARGET_CURE)
    if target == 1:
        raise sources.fault(Code.TARGET_OUT_OF_RANGE, "a target of 1 leaves no error budget", f"write {TARGET_CURE}")
    if 1 < target < 100:  # noqa: PLR2004 - percent, as people say it
        cure = f"write {target.scaleb(-2).normalize():f}"
        raise sources.fault(Code.TARGET_OUT_OF_RANGE, f"a target of {value} is a percentage", cure)
    if not 0 < target < 1:
        message = f"a target of {value} is not between 0 and 1"
        raise sources.fault(Code.TARGET_OUT_OF_RANGE, message, f"write {TARGET_CURE}")
    return _digits(target, _DECIMALS, "target", TARGET_CURE)


def _percent(value: object) -> Decimal:
    """As a share."""
    percent = _number(value, "percentage", PERCENT_CURE)
    if not 0 < percent < 100:  # noqa: PLR2004 - percent
        message = f"a percentage of {value} is not between 0 and 100"
        raise sources.fault(Code.TARGET_OUT_OF_RANGE, message, f"write {PERCENT_CURE}")
    return _digits(percent, _DECIMALS - 2, "percentage", PERCENT_CURE).scaleb(-2)


def _slice_target(value: object) -> Decimal:
    target = _number(value, "slice target", SLICE_TARGET_CURE)
    if not 0 < target <= 1:
        message = f"a slice target of {value} is not above 0 and at most 1"
        raise sources.fault(Code.TARGET_OUT_OF_RANGE, message, f"write {SLICE_TARGET_CURE}")
    return _digits(target, _DECIMALS, "slice target", SLICE_TARGET_CURE)


def _threshold(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise sources.fault(Code.WRONG_VALUE, "the value is not a decimal number", f"write {THRESHOLD_CURE}")
    number = Decimal(value)
    if not -_LARGEST < number < _LARGEST or -int(number.as_tuple().exponent) > _DECIMALS:
        message = f"the value has more than 15 digits before or {_DECIMALS} after the point"
        raise sources.fault(Code.WRONG_VALUE, message, f"write {THRESHOLD_CURE}")
    return number


def _minutes(value: object) -> object:
    """OpenSLO: a number without unit counts minutes."""
    return f"{value}m" if isinstance(value, int) and not isinstance(value, bool) else value


def _window_query(text: str) -> str:
    return _query(text, window_required=True)


def _gauge_query(text: str) -> str:
    return _query(text, window_required=False)


def _query(text: str, *, window_required: bool) -> str:
    try:
        template = Query.parse(text, window_required=window_required).template
        Query(f"sum({template})").tree()  # only an instant vector can be summed
    except QueryError as error:
        cure = QUERY_CURE if window_required else GAUGE_QUERY_CURE
        raise sources.fault(error.code, str(error), f"write {cure}") from None
    return text


def _labels(labels: dict[str, str]) -> dict[str, str]:
    ours = {
        conventions.LABEL_SITE, conventions.LABEL_REGION, conventions.LABEL_SERVICE, conventions.LABEL_SLO,
        conventions.LABEL_SEVERITY, conventions.LABEL_SCOPE, *conventions.SLO_INFO_LABELS,
    }  # fmt: skip
    for name in labels:
        if name in ours or name.startswith("__") or not _LABEL_NAME.fullmatch(name):
            raise sources.fault(Code.INVALID_NAME, f"'{name}' cannot be a label here", f"write {LABELS_CURE}")
    return labels


Name = Annotated[str, AfterValidator(_name), Field(description=NAME_CURE)]
Plain = Annotated[str, AfterValidator(_plain), Field(description=TEXT_CURE)]
Url = Annotated[str, AfterValidator(_url), Field(description=URL_CURE)]
Labels = Annotated[dict[str, str], AfterValidator(_labels), Field(description=LABELS_CURE)]
Target = Annotated[Decimal, BeforeValidator(_target), Field(description=TARGET_CURE)]
Percent = Annotated[Decimal, BeforeValidator(_percent), Field(description=PERCENT_CURE)]
SliceTarget = Annotated[Decimal, BeforeValidator(_slice_target), Field(description=SLICE_TARGET_CURE)]
Minutes = Annotated[str, BeforeValidator(_minutes)]
ThresholdValue = Annotated[Decimal, BeforeValidator(_threshold), Field(description=THRESHOLD_CURE)]
WindowQuery = Annotated[str, AfterValidator(_window_query), Field(description=QUERY_CURE)]
GaugeQuery = Annotated[str, AfterValidator(_gauge_query), Field(description=GAUGE_QUERY_CURE)]

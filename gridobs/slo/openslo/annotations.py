"""What OpenSLO has no field for, as annotations under ``gridobs/``."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gridobs import sources
from gridobs.codes import Code
from gridobs.rules.durations import seconds
from gridobs.rules.durations import text as duration
from gridobs.slo.model import MissingData
from gridobs.slo.openslo.fields import Plain, Url
from gridobs.slo.windows import TierShare

PREFIX = "gridobs/"
ALERT_WINDOWS = PREFIX + "alert-windows"
HARD = PREFIX + "hard"
MIN_BAD_EVENTS = PREFIX + "min-bad-events"
MISSING_DATA = PREFIX + "missing-data"
BUCKET_EDGES = PREFIX + "bucket-edges"
WINDOWS_CURE = (
    "tiers as severity, long/short window and share of the budget, e.g. 'page 1h/5m 2%, ticket 3d/6h 10%'; "
    "the long window must be longer than the short one and the share above 0 and at most 100 %"
)
_EDGES_CURE = "histograms and their bucket edges, e.g. 'http_duration_seconds 0.1 0.5, job_seconds 60'"
_BAD_EVENTS_CURE = "a whole number from 0 to 999999999"
_HARD_CURE = "'true' where one bad event is one too many"
_TIER = re.compile(r"(page|ticket)\s+(\w+)\s*/\s*(\w+)\s+(\d{1,3}(?:\.\d{1,6})?)\s*%", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}")
_EDGES = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*(\s+[0-9]{1,12}(\.[0-9]{1,12})?)+", re.ASCII)
_ALL = 100


def _bad_events(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str) or not _WHOLE.fullmatch(str(value)):
        message = f"{PREFIX}min-bad-events is not {_BAD_EVENTS_CURE}"
        raise sources.fault(Code.WRONG_VALUE, message, "write a count of events, e.g. '2'")
    return int(value)


def _yes(value: object) -> bool:
    if value is not True and value != "true":
        raise sources.fault(Code.WRONG_VALUE, f"{HARD} can only be true", f"write {_HARD_CURE}, or remove it")
    return True


def _share(text: str) -> TierShare:
    found = _TIER.fullmatch(text.strip())
    if not found:
        raise sources.fault(Code.INVALID_WINDOW, f"'{text.strip()}' is not an alert tier", f"write {WINDOWS_CURE}")
    severity, long, short, percent = found.groups()
    try:
        longer, shorter = seconds(long), seconds(short)
    except ValueError as error:
        message, _, cure = str(error).partition("; ")
        raise sources.fault(Code.INVALID_WINDOW, message, cure) from None
    if shorter >= longer or not 0 < Decimal(percent) <= _ALL:
        raise sources.fault(
            Code.INVALID_WINDOW, f"the alert tier '{text.strip()}' makes no sense", f"write {WINDOWS_CURE}"
        )
    return TierShare(severity=severity, long=duration(longer), short=duration(shorter), percent=Decimal(percent))


def _shares(text: str) -> str:
    shares(text)
    return text


def shares(text: str) -> tuple[TierShare, ...]:
    """The tiers of ``page 1h/5m 2%, ticket 3d/6h 10%``."""
    return tuple(map(_share, text.split(",")))


def _edges(text: str) -> str:
    for part in text.split(","):
        if not _EDGES.fullmatch(part.strip()):
            message = f"'{part.strip()}' is not a histogram and its edges"
            raise sources.fault(Code.WRONG_VALUE, message, f"write {_EDGES_CURE}")
    return text


def bucket_edges(text: str) -> dict[str, tuple[Decimal, ...]]:
    """The edges by histogram of ``http_duration_seconds 0.1 0.5, job_seconds 60``; nothing when it is not so."""
    parts = [part.split() for part in text.split(",") if _EDGES.fullmatch(part.strip())]
    return {name: tuple(map(Decimal, edges)) for name, *edges in parts}


class Annotations(sources.Schema):
    """Those of other tools are none of our business."""

    owner: Plain | None = Field(None, alias="gridobs/owner", description=f"{PREFIX}owner: a team or a person")
    runbook: Url | None = Field(None, alias="gridobs/runbook")
    dashboard: Url | None = Field(None, alias="gridobs/dashboard")
    severity: Literal["page", "ticket"] | None = Field(
        None, alias="gridobs/severity", description="page or ticket, the highest severity of the alerts"
    )
    min_bad_events: Annotated[int, BeforeValidator(_bad_events)] | None = Field(
        None, alias="gridobs/min-bad-events", description=_BAD_EVENTS_CURE
    )
    hard: Annotated[bool, BeforeValidator(_yes)] = Field(default=False, alias="gridobs/hard", description=_HARD_CURE)
    missing_data: MissingData = Field(
        MissingData.UNKNOWN, alias="gridobs/missing-data", description="unknown, bad or ignore"
    )
    alert_windows: Annotated[str, AfterValidator(_shares)] | None = Field(
        None, alias="gridobs/alert-windows", description=WINDOWS_CURE
    )

    bucket_edges: Annotated[str, AfterValidator(_edges)] | None = Field(
        None, alias="gridobs/bucket-edges", description=_EDGES_CURE
    )

    @model_validator(mode="before")
    @classmethod
    def _ours(cls, data: object) -> object:
        return {key: data[key] for key in data if key.startswith(PREFIX)} if isinstance(data, dict) else data

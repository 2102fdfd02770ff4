"""Time that counts for no objective, such as planned work: one document each in ``exclusions/*.yaml``."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from gridobs import conventions, sources
from gridobs.codes import Code
from gridobs.errors import Problem
from gridobs.rules.model import RecordingRule, RuleFile, RuleGroup
from gridobs.slo.catalogue import load_objectives
from gridobs.slo.openslo.fields import Name, Plain
from gridobs.slo.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

FOLDER = "exclusions"
GROUP = "slo-exclusions"

_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_TIME_CURE = "a time with its offset, e.g. 2026-03-01T22:00:00+01:00 or 2026-03-01T21:00:00Z"
_PLACE = re.compile(r"[A-Za-z0-9]([-_.A-Za-z0-9]{0,126}[A-Za-z0-9])?")
_PLACE_CURE = "the name of a site or region, e.g. sub-0001"
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """From ``start`` until before ``end``, in Unix seconds, for ``slos``, or all objectives when there are none.

    It holds for one ``site``, one ``region`` or, with neither, the fleet.
    """

    name: str
    site: str | None = None
    region: str | None = None
    start: int
    end: int
    reason: str
    approver: str
    slos: tuple[str, ...] = ()
    document: sources.Document = field(compare=False, repr=False)


def load_exclusions(folder: Path, *, slos: Collection[str] | None = None) -> tuple[Exclusion, ...]:
    """Every exclusion below ``folder/exclusions``, in the order written; none when there is no such folder.

    ``slos`` are the names of the objectives there are; without them they are read from ``folder``. Raises SourceError
    with every problem of every file.
    """
    collector = sources.Collector()
    documents: list[sources.Document] = []
    with collector.collect():
        for path in sources.find(folder / FOLDER):
            with collector.collect():
                documents += sources.read(path)
    names = slos
    if names is None and any(_names_slos(document) for document in documents):
        names = [one.objective.name for one in load_objectives(folder, load_settings(folder))]
    loaded: tuple[Exclusion, ...] = ()
    with collector.collect():
        loaded = check_exclusions(documents, names)
    collector.finish()
    return loaded


def check_exclusions(documents: Sequence[sources.Document], slos: Collection[str] | None) -> tuple[Exclusion, ...]:
    """The exclusions of these documents; ``slos`` are the objectives there are, None if nobody knows.

    Raises SourceError with every problem.
    """
    collector = sources.Collector()
    loaded: list[Exclusion] = []
    for document in documents:
        with collector.collect():
            loaded.append(_exclusion(document))
    first: dict[str, Exclusion] = {}
    for one in loaded:
        if (other := first.setdefault(one.name, one)) is not one:
            message = (
                f"the name '{one.name}' is taken by {other.document.path}:{other.document.position(('name',))[0]}"
            )
            cure = "give each exclusion its own name"
            collector.problems.append(one.document.problem(Code.DUPLICATE_NAME, ("name",), message, cure))
    if slos is not None:
        collector.problems += [problem for one in loaded for problem in _unknown_slos(one, slos)]
    collector.finish()
    return tuple(loaded)


def expired(exclusions: Sequence[Exclusion], now: float) -> tuple[Problem, ...]:
    """A warning for each exclusion that is over at ``now``, in Unix seconds."""
    return tuple(
        Problem(
            one.document.path,
            *one.document.position(("to",)),
            Code.EXCLUSION_EXPIRED,
            f"the exclusion '{one.name}' is over",
            "delete it once the period it is in has passed; until then it keeps the budget as it was",
            warning=True,
        )
        for one in exclusions
        if one.end <= now
    )


def exclusion_rules(exclusions: Sequence[Exclusion], *, interval: str | None = None) -> RuleFile | None:
    """What records which exclusions are active where the rules run; None without exclusions.

    ``interval`` is that of the rules that read it.
    """
    rules = tuple(
        RecordingRule(
            record=conventions.SLO_EXCLUSION_ACTIVE,
            expr=_active(one),
            labels={conventions.LABEL_EXCLUSION: one.name, **({conventions.LABEL_SLO: slo} if slo else {})},
        )
        for one in exclusions
        for slo in one.slos or (None,)
    )
    return RuleFile(groups=(RuleGroup(name=GROUP, interval=interval, rules=rules),)) if rules else None


def _active(exclusion: Exclusion) -> str:
    """1, with no label, while the exclusion is active here; nothing otherwise."""
    now = f"(vector(time()) >= {exclusion.start} < {exclusion.end})"
    here = {conventions.LABEL_SITE: exclusion.site, conventions.LABEL_REGION: exclusion.region}
    matchers = ",".join(f'{label}="{value}"' for label, value in here.items() if value)
    place = f" and on () {conventions.SITE_INFO}{{{matchers}}}" if matchers else ""
    return f"vector(1) and on () {now}{place}"


def _exclusion(document: sources.Document) -> Exclusion:
    read = sources.check(document, _ExclusionSchema)
    return Exclusion(
        name=read.name,
        site=read.site,
        region=read.region,
        start=_seconds(read.start),
        end=_seconds(read.end),
        reason=read.reason,
        approver=read.approver,
        slos=read.slos,
        document=document,
    )


def _names_slos(document: sources.Document) -> bool:
    return isinstance(document.data, dict) and bool(document.data.get("slos"))


def _unknown_slos(exclusion: Exclusion, slos: Collection[str]) -> list[Problem]:
    problems = []
    for index, slo in enumerate(exclusion.slos):
        if slo not in slos:
            near = difflib.get_close_matches(slo, sorted(slos), n=1)
            cure = (
                f"did you mean '{near[0]}'?" if near else "write the name of an objective, or leave slos out for all"
            )
            message = f"no objective is named '{slo}'"
            problems.append(exclusion.document.problem(Code.UNKNOWN_REFERENCE, ("slos", index), message, cure))
    return problems


def _seconds(text: str) -> int:
    """Raises ValueError for what is no time."""
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError(text)
    date, time, offset = found.groups()
    moment = dt.datetime.fromisoformat(f"{date}T{time}{offset.upper()}")
    return int((moment - _EPOCH).total_seconds())


def _time(text: str) -> str:
    try:
        _seconds(text)
    except (ValueError, OverflowError):
        message = f"'{text}' is not a time with an offset"
        raise sources.fault(Code.INVALID_TIME_RANGE, message, f"write {_TIME_CURE}") from None
    return text


def _place(text: str) -> str:
    if not _PLACE.fullmatch(text):
        raise sources.fault(Code.INVALID_NAME, f"'{text}' is not a name", f"write {_PLACE_CURE}")
    return text


_Time = Annotated[str, AfterValidator(_time), Field(description=_TIME_CURE)]
_Place = Annotated[str, AfterValidator(_place), Field(description=_PLACE_CURE)]


class _ExclusionSchema(sources.Schema):
    name: Name
    site: _Place | None = None
    region: _Place | None = None
    fleet: Literal[True] | None = Field(None, description="fleet: true, or leave it out")
    start: _Time = Field(alias="from", description=_TIME_CURE)
    end: _Time = Field(alias="to", description=_TIME_CURE)
    reason: Plain
    approver: Plain
    slos: tuple[Name, ...] = Field((), description="a list of objectives; leave it out for all")

    @model_validator(mode="after")
    def _somewhere_and_sometime(self) -> _ExclusionSchema:
        places = [name for name in ("site", "region", "fleet") if getattr(self, name)]
        if not places:
            raise sources.fault(Code.MISSING_KEY, "the exclusion is nowhere", "write site, region or fleet: true")
        if len(places) > 1:
            message = f"the exclusion has both {places[0]} and {places[1]}"
            raise sources.fault(Code.WRONG_VALUE, message, "keep one of the two", at=(places[1],))
        if _seconds(self.end) <= _seconds(self.start):
            message = "the exclusion ends before it begins"
            raise sources.fault(Code.INVALID_TIME_RANGE, message, "write a later time", at=("to",))
        if len(set(self.slos)) < len(self.slos):
            raise sources.fault(Code.DUPLICATE_NAME, "an objective is named twice", "name it once", at=("slos",))
        return self

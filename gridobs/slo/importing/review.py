"""What both tools have in common, checked for whether OpenSLO can say it; every problem is gathered."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, NamedTuple

from gridobs import conventions
from gridobs.codes import Code
from gridobs.errors import SourceError
from gridobs.slo.importing.imported import DASHBOARD, OWNER, RUNBOOK
from gridobs.slo.importing.queries import gives_one_series, written
from gridobs.slo.openslo.annotations import PREFIX
from gridobs.slo.openslo.fields import is_name, is_url
from gridobs.slo.promql import WINDOW, QueryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gridobs.errors import Problem
    from gridobs.sources import Document, Loc

_LABEL = re.compile(r"(?!__)[a-z_][a-z0-9_]*")
_LINKS = {"runbook": RUNBOOK, "runbook_url": RUNBOOK, "dashboard": DASHBOARD, "dashboard_url": DASHBOARD}
_RESERVED = frozenset(
    {
        conventions.LABEL_SITE, conventions.LABEL_REGION, conventions.LABEL_SERVICE, conventions.LABEL_SLO,
        conventions.LABEL_SEVERITY, conventions.LABEL_SCOPE, conventions.LABEL_IMPORTED_ALERT,
        conventions.LABEL_IMPORTED_ABSENT_ALERT, *conventions.SLO_INFO_LABELS,
    }
)  # fmt: skip
_MOST_DECIMALS = 9
_WHOLE = 100


class Pair(NamedTuple):
    """A label or an annotation, and where it stands."""

    name: str
    value: str
    loc: Loc


def pairs(named: Mapping[str, str], loc: Loc) -> list[Pair]:
    return [Pair(name, value, (*loc, name)) for name, value in named.items()]


class Review:
    """The problems of one document."""

    def __init__(self, document: Document) -> None:
        self.problems: list[Problem] = []
        self._document = document

    def finish(self) -> None:
        """Raise SourceError when there was a problem."""
        if self.problems:
            raise SourceError(tuple(dict.fromkeys(self.problems)))

    def refuse(
        self, loc: Loc, message: str, cure: str, *, key: bool = True, code: Code = Code.NOT_EXPRESSIBLE
    ) -> None:
        self.problems.append(self._document.problem(code, loc, " ".join(message.split()), cure, key=key))

    def refuse_if_set(self, value: object, loc: Loc, why: str, cure: str) -> None:
        """``why`` follows the name of the field."""
        if value is not None:
            self.refuse(loc, f"{loc[-1]} {why}", cure)

    def name(self, text: str, loc: Loc, *, what: str) -> str:
        """The same text, whether or not it can be a name."""
        if not is_name(text):
            message = f"{what} '{text}' is not of at most 63 a-z, 0-9 and '-' with no '-' at either end"
            self.refuse(loc, message, f"rename it, e.g. {_slug(text)}", key=False)
        return text

    def description(self, text: str, loc: Loc) -> str:
        if "{{" in text:
            message = "the description holds {{, which an alert would take for a template"
            self.refuse(loc, message, "write it without {{")
        return " ".join(text.split())

    def target(self, percent: object, loc: Loc) -> Decimal:
        """The share of good events that ``percent`` means; 0 when it means none."""
        number = _decimal(percent)
        cure = "write a percentage above 0 and below 100, e.g. 99.9"
        if number is None or not 0 < number <= _WHOLE:
            message = f"{percent} is not a percentage above 0 and at most 100"
            self.refuse(loc, message, cure, key=False, code=Code.TARGET_OUT_OF_RANGE)
            return Decimal(0)
        share = (number / _WHOLE).normalize()
        if share == 1:
            self.refuse(
                loc, "an objective of 100 % leaves no error budget, so that nothing can burn it", cure, key=False
            )
        if -int(share.as_tuple().exponent) > _MOST_DECIMALS:
            message = f"an objective of {percent} % has more than {_MOST_DECIMALS} decimals as a share"
            self.refuse(loc, message, "write fewer digits", key=False)
        return share

    def query(self, text: str, loc: Loc, *, remedy: str) -> str:
        """The query as it will be written; ``remedy`` is what to do about a query that gives several series."""
        try:
            query = written(text)
            if not gives_one_series(text):
                message = f"{loc[-1]} can give several series, each with a budget of its own"
                self.refuse(loc, message, remedy)
        except QueryError as error:
            if error.code is Code.MISSING_WINDOW and "{{" in text:
                cure = f"record what is inside a subquery with a rule, and read that over {WINDOW}"
                self.refuse(loc, f"{loc[-1]} has a placeholder other than {WINDOW}", cure)
            else:
                cure = f"write PromQL with {WINDOW} as its range"
                self.refuse(loc, f"{loc[-1]}: {error}", cure, code=error.code)
            return text
        return query

    def differ(self, part: str, total: str, loc: Loc) -> None:
        if part == total:
            self.refuse(loc, "total is the same query as a part of it", "count all events", code=Code.SAME_QUERY)

    def labels(
        self, written_labels: Iterable[Pair], *, ours: Mapping[str, str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """The labels and the annotations they become; of two with one name the later counts.

        ``ours`` are labels that the compiler sets itself; the same value again says nothing new.
        """
        labels: dict[str, str] = {}
        annotations: dict[str, str] = {}
        for name, value, loc in written_labels:
            if ours.get(name) == value:
                continue
            if name == conventions.LABEL_OWNER:
                if not value.strip() or "{{" in value:
                    self.refuse(loc, "the owner is empty or holds {{", "write a team or a person", key=False)
                annotations[OWNER] = value
            elif name in _RESERVED or not _LABEL.fullmatch(name):
                why = "is set by gridobs" if name in _RESERVED else "is not of the form [a-z_][a-z0-9_]*"
                self.refuse(loc, f"the label '{name}' {why}", f"rename it, e.g. {_label(name)}")
            else:
                labels[name] = value
        return labels, annotations

    def links(self, annotations: Iterable[Pair]) -> dict[str, str]:
        """The annotations of alerts as ours."""
        links: dict[str, str] = {}
        for name, value, loc in annotations:
            ours = _LINKS.get(name)
            if ours is None:
                cure = f"remove it; alerts can carry {', '.join(_LINKS)}, and spec.description as their description"
                self.refuse(loc, f"alerts cannot carry the annotation '{name}'", cure)
            elif not is_url(value):
                message = f"the annotation '{name}' is not a plain web address"
                self.refuse(loc, message, "write one that starts with https:// and has no {{", key=False)
            elif links.setdefault(ours, value) != value:
                message = f"the alerts have several addresses as their {ours.removeprefix(PREFIX)}"
                self.refuse(loc, message, "write one for all", key=False)
        return links


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:63].strip("-") or "availability"


def _label(text: str) -> str:
    return "source_" + (re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "label")

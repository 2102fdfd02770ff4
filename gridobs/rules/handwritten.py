"""Rule files that people write: checked against the alert scheme, then rendered anew.

They are rendered from the model rather than copied: what ships is exactly what was checked, in one style, and the
comments meant for the next author stay with the source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, Field, model_validator

from gridobs import conventions, sources
from gridobs.codes import Code
from gridobs.errors import Problem, SourceError
from gridobs.rules.durations import seconds
from gridobs.rules.model import AlertRule, RecordingRule, RuleFile, RuleGroup
from gridobs.rules.render import render

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FOLDER = "rules"
ALERT_PLACEHOLDER = "{alert}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandWrittenRules:
    """One rule file; ``name`` is its file name without ending, ``source`` the file to edit."""

    name: str
    source: str
    rules: RuleFile

    @property
    def text(self) -> str:
        """The rule file as Prometheus reads it."""
        return render(self.rules, self.source)


def load_rules(folder: Path, *, runbooks: str | None = None) -> tuple[HandWrittenRules, ...]:
    """Every rule file below ``folder/rules``, sorted by name; none when there is no such folder.

    Alerts without a ``runbook_url`` get ``runbooks``, in which ``{alert}`` becomes their name. Raises SourceError
    with every problem of every file.
    """
    collector = sources.Collector()
    loaded: dict[str, HandWrittenRules] = {}
    paths: tuple[Path, ...] = ()
    with collector.collect():
        paths = sources.find(folder / FOLDER)
    for path in paths:
        with collector.collect():
            documents = sources.read(path)
            if path.stem in loaded:
                message = f"the name '{path.stem}' is taken by {loaded[path.stem].source}"
                raise SourceError([Problem(path, 1, 1, Code.DUPLICATE_NAME, message, "rename the file")])
            rules, source = _linked(check_rules(documents), runbooks), sources.display(folder, path)
            loaded[path.stem] = HandWrittenRules(name=path.stem, source=source, rules=rules)
    collector.finish()
    return tuple(loaded[name] for name in sorted(loaded))


def check_rules(documents: Sequence[sources.Document]) -> RuleFile:
    """The documents of one rule file as what Prometheus loads. Raises SourceError with every fault."""
    first, *more = documents
    if more:
        raise SourceError(
            [more[0].problem(Code.WRONG_VALUE, (), "a rule file is one document", "write one file for each")]
        )
    return _rule_file(sources.check(first, _FileSchema))


def _linked(rules: RuleFile, runbooks: str | None) -> RuleFile:
    """The same with a link to the runbook on every alert."""
    if not runbooks:
        return rules

    def linked(rule: AlertRule | RecordingRule) -> AlertRule | RecordingRule:
        if isinstance(rule, RecordingRule):
            return rule
        link = {"runbook_url": runbooks.replace(ALERT_PLACEHOLDER, rule.alert)}
        return replace(rule, annotations=link | dict(rule.annotations))

    return RuleFile(
        groups=tuple(replace(group, rules=tuple(linked(rule) for rule in group.rules)) for group in rules.groups)
    )


def _duration(text: str) -> str:
    try:
        seconds(text)
    except ValueError as error:
        raise sources.fault(Code.WRONG_VALUE, f"'{text}' is not a duration", str(error).partition("; ")[2]) from None
    return text


def _matching(pattern: str, what: str, cure: str) -> AfterValidator:
    def matched(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise sources.fault(Code.INVALID_NAME, f"'{text}' is not {what}", cure)
        return text

    return AfterValidator(matched)


_Duration = Annotated[str, AfterValidator(_duration), Field(description="a duration such as 30s or 5m")]
_Text = Annotated[str, _matching(r"(?s).*\S.*", "text", "write a sentence")]
_Alert = Annotated[str, _matching("[A-Z][A-Za-z0-9]*", "an alert name", "write it like PowerProcessorDown")]
_Record = Annotated[
    str, _matching("[a-z_]+:[a-z0-9_]+:[a-z0-9_]+", "a recorded name", "write level:metric:operation")
]

_LABELS_CURE = "pairs of label name and text"
_ANNOTATIONS_CURE = "summary and description, each a sentence"
_SEVERITIES = (conventions.SEVERITY_PAGE, conventions.SEVERITY_TICKET, conventions.SEVERITY_INFO)
_SCOPES = (conventions.SCOPE_SITE, conventions.SCOPE_REGION, conventions.SCOPE_FLEET)


class _RuleSchema(sources.Schema):
    unsupported: ClassVar = {"keep_firing_for": "remove it; use for"}

    alert: _Alert | None = Field(None, description="an alert name such as PowerProcessorDown")
    record: _Record | None = Field(None, description="a recorded name as level:metric:operation")
    expr: _Text = Field(description="the PromQL expression")
    hold: _Duration | None = Field(None, alias="for", description="a duration such as 30s or 5m")
    labels: dict[str, str] = Field({}, description=_LABELS_CURE)
    annotations: dict[str, _Text] = Field({}, description=_ANNOTATIONS_CURE)

    @model_validator(mode="after")
    def _scheme(self) -> _RuleSchema:
        if (self.alert is None) == (self.record is None):
            raise sources.fault(Code.INVALID_RULE, "a rule is exactly one of alert and record", "keep one of the two")
        if self.record and (self.hold or self.annotations):
            raise sources.fault(Code.INVALID_RULE, "a recording rule has no 'for' and no annotations", "remove them")
        if self.alert:
            self._alert_scheme()
        return self

    def _alert_scheme(self) -> None:
        for label, allowed in ((conventions.LABEL_SEVERITY, _SEVERITIES), (conventions.LABEL_SCOPE, _SCOPES)):
            if self.labels.get(label) not in allowed:
                raise sources.fault(
                    Code.INVALID_ALERT_LABELS,
                    f"alert {self.alert} has no valid label '{label}'",
                    f"use one of {', '.join(allowed)}",
                )
        if not self.labels.get(conventions.LABEL_SERVICE):
            raise sources.fault(
                Code.INVALID_ALERT_LABELS,
                f"alert {self.alert} has no label 'service'",
                "name the service that is affected",
            )
        for annotation in ("summary", "description"):
            if annotation not in self.annotations:
                raise sources.fault(
                    Code.INVALID_ALERT_LABELS,
                    f"alert {self.alert} has no annotation '{annotation}'",
                    "write one sentence",
                )

    @property
    def rule(self) -> AlertRule | RecordingRule:
        expr = self.expr.strip()
        if self.record:
            return RecordingRule(record=self.record, expr=expr, labels=self.labels)
        notes = {name: " ".join(text.split()) for name, text in self.annotations.items()}
        return AlertRule(alert=self.alert or "", expr=expr, hold=self.hold, labels=self.labels, annotations=notes)


class _GroupSchema(sources.Schema):
    name: _Text = Field(description="a name, once in the file")
    interval: _Duration | None = None
    rules: tuple[_RuleSchema, ...] = Field(min_length=1, description="a list of rules")


class _FileSchema(sources.Schema):
    groups: tuple[_GroupSchema, ...] = Field(min_length=1, description="a list of rule groups")

    @model_validator(mode="after")
    def _distinct(self) -> _FileSchema:
        names = [group.name for group in self.groups]
        if len(set(names)) < len(names):
            raise sources.fault(Code.DUPLICATE_NAME, "two groups have the same name", "give each group its own")
        return self


def _rule_file(schema: _FileSchema) -> RuleFile:
    return RuleFile(
        groups=tuple(
            RuleGroup(name=group.name, interval=group.interval, rules=tuple(rule.rule for rule in group.rules))
            for group in schema.groups
        )
    )

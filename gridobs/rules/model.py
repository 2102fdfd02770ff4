"""What Prometheus loads as a rule file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRule:
    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """``hold`` is Prometheus' ``for``: how long ``expr`` must hold before the alert fires; None is at once."""

    alert: str
    expr: str
    hold: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroup:
    """Rules evaluated one after the other, each seeing the results of those before. Across groups no order holds.

    ``interval`` None means the server's own ``evaluation_interval``.
    """

    name: str
    rules: tuple[RecordingRule | AlertRule, ...]
    interval: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    groups: tuple[RuleGroup, ...]

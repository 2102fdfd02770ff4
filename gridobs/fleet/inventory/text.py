"""The fleet as the YAML that loads again to an equal one."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import yaml

from gridobs.fleet.model import Hub, Site
from gridobs.rules import durations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gridobs.fleet.model import Fleet

_DURATIONS = frozenset({"scrape_interval", "scrape_timeout", "evaluation_interval", "outage_budget"})
_WIDTH = 120


def dump(fleet: Fleet) -> str:
    """YAML, byte for byte the same for equal fleets. What is as the model has it anyway is left out."""
    hub = _mapping(fleet.hub, Hub())
    content = {
        "apiVersion": "gridobs/v1",
        "kind": "Fleet",
        **({"hub": hub} if hub else {}),
        "regions": [{"name": one.name} | ({"title": one.title} if one.title else {}) for one in fleet.regions],
        "sites": [_mapping(site, Site(id="", region="", address="")) for site in fleet.sites],
    }
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)


class _Dumper(yaml.SafeDumper):
    """Coordinates stand in one line, and nothing is an alias."""

    def represent_sequence(
        self,
        tag: str,
        sequence: Iterable[Any],
        flow_style: bool | None = None,  # noqa: FBT001 - PyYAML's own
    ) -> yaml.SequenceNode:
        items = list(sequence)
        numbers = bool(items) and all(isinstance(item, float) for item in items)
        return super().represent_sequence(tag, items, flow_style=flow_style or numbers)

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's own
        return True


def _mapping(one: Hub | Site, default: Hub | Site) -> dict[str, object]:
    return {
        _camel(field.name): _value(field.name, getattr(one, field.name))
        for field in fields(one)
        if getattr(one, field.name) != getattr(default, field.name)
    }


def _value(name: str, value: Any) -> object:  # noqa: ANN401 - as the fields are
    if name in _DURATIONS:
        return durations.text(value)
    return str(value) if isinstance(value, str) else [*value] if isinstance(value, tuple) else value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))

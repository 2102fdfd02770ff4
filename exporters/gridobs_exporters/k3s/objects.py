"""Taking values out of objects whose shape somebody else decides."""

from __future__ import annotations

from datetime import datetime
from typing import Any

Object = dict[str, Any]


def mapping(value: object, *path: str) -> Object:
    """The mapping below ``path``; empty if there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def objects(value: object) -> list[Object]:
    """The mappings in a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: object, default: str = "") -> str:
    return value if isinstance(value, str) else default


def count(value: object, default: int = 0) -> int:
    """A number of things.

    Raises:
        ValueError: If it is none.
    """
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is not a number of things")
    return value


def name(item: Object) -> str:
    """The name of an object.

    Raises:
        ValueError: If it has none.
    """
    if found := text(mapping(item, "metadata").get("name")):
        return found
    raise ValueError("an object without a name")


def timestamp(value: object) -> float:
    """Unix seconds of an RFC 3339 time with its zone.

    Raises:
        ValueError: If it is none.
    """
    moment = datetime.fromisoformat(text(value))
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return moment.timestamp()

"""Holding data against a JSON Schema, with faults that people can mend.

The schemas are JSON Schema 2020-12 and closed (``additionalProperties: false``). A ``description`` says what a value
is and ``examples`` how one is written; faults are told with both.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jsonschema import ValidationError

    from gridobs_exporters.config.document import Keys

Schema = dict[str, Any]


def mapping(properties: Mapping[str, Schema], *, required: Sequence[str] = (), description: str = "") -> Schema:
    """A mapping with these keys and no other."""
    schema: Schema = {"type": "object", "additionalProperties": False, "properties": dict(properties)}
    if required:
        schema["required"] = list(required)
    return schema | ({"description": description} if description else {})


def items(of: Schema, *, description: str = "", least: int = 0) -> Schema:
    schema: Schema = {"type": "array", "items": of, "minItems": least}
    return schema | ({"description": description} if description else {})


def text(description: str, example: str, *, pattern: str = r"\S") -> Schema:
    return {"type": "string", "pattern": pattern, "description": description, "examples": [example]}


def tls_files(of: str) -> dict[str, Schema]:
    """The keys that ``Section.client_tls`` reads; ``of`` is whom the authorities vouch for."""
    return {
        "ca_file": text(f"authorities that vouch for {of}, PEM", "/etc/gridobs/ca.pem"),
        "cert_file": text("our certificate, PEM", "/etc/gridobs/tls.crt"),
        "key_file": text("its key, PEM", "/etc/gridobs/tls.key"),
    }


def choice(description: str, *values: str) -> Schema:
    return {"enum": list(values), "description": description, "examples": [values[0]]}


def flag(description: str) -> Schema:
    return {"type": "boolean", "description": description, "examples": ["true"]}


def number(description: str, example: float, *, least: float = 0, whole: bool = True) -> Schema:
    return {
        "type": "integer" if whole else "number",
        "minimum": least,
        "description": description,
        "examples": [str(example)],
    }


def duration(description: str, example: str, *, zero: bool = False) -> Schema:
    """A duration as ``durations.parse_duration`` reads it; 0 only with ``zero``."""
    said: Schema = {"description": description, "examples": [example]}
    pattern = r"^(?:[0-9]{1,9}(?:ms|[smhd]))+$"
    if zero:
        return {"type": ["string", "integer"], "pattern": f"{pattern}|^0$", "minimum": 0, "maximum": 0, **said}
    return {"type": "string", "pattern": pattern, **said}


def faults(data: Any, schema: Schema) -> Iterator[tuple[Keys, str]]:  # noqa: ANN401 - what is checked can be anything
    """Where ``data`` is not what ``schema`` asks for, and a sentence with the cure; in the order of the data."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - 4 MB that only those pay who have something to check

    errors = Draft202012Validator(schema).iter_errors(data)
    for error in sorted(errors, key=lambda error: [str(key) for key in error.absolute_path]):
        yield from _told(error)


def _told(error: ValidationError) -> Iterator[tuple[Keys, str]]:
    keys: Keys = tuple(error.absolute_path)
    schema: Schema = error.schema if isinstance(error.schema, dict) else {}
    value: Any = error.instance
    wanted: Any = error.validator_value
    match error.validator:
        case "additionalProperties":
            known = list(schema.get("properties", {}))
            for key in value:
                if key not in known:
                    near = get_close_matches(str(key), known, n=1)
                    cure = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(known)}"
                    yield (*keys, key), f"unknown key {key!r}; {cure}"
        case "required":
            for key in wanted:
                if key not in value:
                    missing = schema.get("properties", {}).get(key, {})
                    yield keys, f"lacks {key!r}: {missing.get('description', 'it is needed')}{_example(missing)}"
        case _:
            what = schema.get("description") or error.message
            yield keys, f"{value!r} will not do: {what}{_example(schema)}"


def _example(schema: Schema) -> str:
    examples = schema.get("examples")
    return f"; write e.g. {examples[0]}" if examples else ""

"""Documents held against a schema, every fault at its place and with its cure."""

from __future__ import annotations

import difflib
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from gridobs.codes import Code
from gridobs.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from gridobs.errors import Problem
    from gridobs.sources.documents import Document, Loc


class Schema(BaseModel):
    """What one mapping may hold, in camelCase. A field's description is the cure a person sees when it is wrong."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)

    unsupported: ClassVar[Mapping[str, str]] = {}
    """Keys the format knows and this tool does not, each with what to write instead."""


SchemaT = TypeVar("SchemaT", bound=Schema)


def fault(code: Code, message: str, cure: str, *, at: Loc = ()) -> PydanticCustomError:
    """What a validator raises when it knows better than pydantic what to say; ``at`` is within what it validates."""
    return PydanticCustomError("fault", "{message}", {"code": code, "message": message, "cure": cure, "at": at})


def check(document: Document, schema: type[SchemaT]) -> SchemaT:
    """The document as ``schema``. Raises SourceError with every fault, each at its place."""
    try:
        return schema.model_validate(document.data)
    except ValidationError as error:
        raise SourceError([_problem(document, schema, one) for one in _distinct(error)]) from None


def _distinct(error: ValidationError) -> list[ErrorDetails]:
    """Without the echo of a faulty item, which pydantic also reports as a list that is too short."""
    errors = error.errors(include_url=False)
    parents = {one["loc"][:depth] for one in errors for depth in range(len(one["loc"]))}
    return [one for one in errors if one["type"] != "too_short" or one["loc"] not in parents]


def _problem(document: Document, schema: type[Schema], error: ErrorDetails) -> Problem:
    loc = error["loc"]
    if error["type"] == "fault":
        ctx = error["ctx"]
        return document.problem(ctx["code"], (*loc, *ctx["at"]), ctx["message"], ctx["cure"])
    owner, cure = _about(schema, loc)
    if error["type"] == "extra_forbidden":
        code, message, cure = _unknown(owner, str(loc[-1]))
        return document.problem(code, loc, message, cure, key=True)
    where = ".".join(map(str, loc)) or "the document"
    if error["type"] == "missing":
        return document.problem(Code.MISSING_KEY, loc, f"{where} is missing", cure)
    if error["type"] in {"too_short", "too_long"}:
        return document.problem(Code.WRONG_VALUE, loc, f"{where} has {error['ctx']['actual_length']} items", cure)
    if error["type"] == "string_type" and isinstance(error["input"], bool | int | Decimal):
        cure = f"put it in quotes, or {cure}"
    message = (
        "should be a mapping" if error["type"] in {"model_type", "dict_type"} else error["msg"].removeprefix("Input ")
    )
    return document.problem(Code.WRONG_VALUE, loc, f"{where} {message[0].lower()}{message[1:]}", cure)


def _unknown(owner: type[Schema], key: str) -> tuple[Code, str, str]:
    if key in owner.unsupported:
        return Code.NOT_SUPPORTED, f"'{key}' is not supported", owner.unsupported[key]
    known = sorted(_fields(owner))
    near = difflib.get_close_matches(key, known, n=1)
    cure = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(known)}"
    return Code.UNKNOWN_KEY, f"unknown key '{key}'", cure


def _fields(schema: type[Schema]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in schema.model_fields.items()}


def _about(schema: type[Schema], loc: Loc) -> tuple[type[Schema], str]:
    """The innermost schema that ``loc`` enters, and the cure of the innermost field it names."""
    cure = "write " + ", ".join(_fields(schema))
    for step in loc:
        if field := _fields(schema).get(str(step)):
            description = field.description or _description(field.annotation)
            cure = f"write {description}" if description else cure
            schema = _schema_in(field.annotation) or schema
    return schema, cure


def _description(annotation: Any) -> str | None:  # noqa: ANN401 - an annotation can be anything
    """The description inside ``Annotated[X, Field(description=...)] | None``."""
    found = (getattr(part, "description", None) or _description(part) for part in get_args(annotation))
    return next(filter(None, found), None)


def _schema_in(annotation: Any) -> type[Schema] | None:  # noqa: ANN401 - an annotation can be anything
    """The schema inside ``X``, ``X | None`` or ``tuple[X, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, Schema):
        return annotation
    return next(filter(None, map(_schema_in, get_args(annotation))), None)

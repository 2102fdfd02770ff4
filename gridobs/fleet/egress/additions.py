"""Further names that may leave, which the people of a fleet choose: ``egress.yaml`` beside their objectives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from gridobs import sources
from gridobs.codes import Code
from gridobs.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    from gridobs.errors import Problem
    from gridobs.sources import Document

FILE = "egress.yaml"

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_NAME_CURE = "the name of a recorded series, as site:transformer_temperature:max"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """``index`` is its place in the file."""

    name: str
    reason: str
    document: Document
    index: int

    def problem(self, code: Code, message: str, cure: str) -> Problem:
        return self.document.problem(code, ("names", self.index, "name"), message, cure)


def load_additions(folder: Path) -> tuple[Addition, ...]:
    """What ``folder/egress.yaml`` says, in its order; nothing when there is no such file.

    Raises SourceError with every fault.
    """
    path = folder / FILE
    if not path.is_file():
        return ()
    document, *more = sources.read(path)
    if more:
        message = "what may leave is one document"
        raise SourceError([more[0].problem(Code.WRONG_VALUE, (), message, "write all of it above the ---")])
    read = sources.check(document, _FileSchema)
    return tuple(
        Addition(name=one.name, reason=one.reason, document=document, index=index)
        for index, one in enumerate(read.names)
    )


def _metric(text: str) -> str:
    if not _METRIC.fullmatch(text):
        raise sources.fault(Code.INVALID_NAME, f"'{text}' is not a name of a series", f"write {_NAME_CURE}")
    return text


def _sentence(text: str) -> str:
    if not text.strip():
        raise sources.fault(
            Code.WRONG_VALUE, "the reason says nothing", "write who needs it at the hub, and for what"
        )
    return text


class _NameSchema(sources.Schema):
    name: Annotated[str, AfterValidator(_metric)] = Field(description=_NAME_CURE)
    reason: Annotated[str, AfterValidator(_sentence)] = Field(description="who needs it at the hub, and for what")


class _FileSchema(sources.Schema):
    names: tuple[_NameSchema, ...] = Field(min_length=1, description="a list of names, each with its reason")

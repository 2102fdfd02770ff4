"""What each code is about: one Markdown file a code, with examples that a test runs through the validator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridobs.codes import Code

_EXAMPLE = re.compile(
    r"^(?P<verdict>Wrong|Right):\n\n```(?:yaml|csv)(?: (?P<part>[a-z]+))?\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Example:
    """``part`` says what the text is a part of, as ``queries``; empty when it is not for the validator."""

    right: bool
    part: str
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """``text`` is Markdown without the title."""

    code: Code
    title: str
    text: str

    @property
    def summary(self) -> str:
        """The first paragraph in one line, without Markdown."""
        return " ".join(self.text.partition("\n\n")[0].split()).replace("`", "")

    @property
    def examples(self) -> tuple[Example, ...]:
        return tuple(
            Example(found["verdict"] == "Right", found["part"] or "", found["text"])
            for found in _EXAMPLE.finditer(self.text)
        )

    @property
    def markdown(self) -> str:
        return f"# {self.code}: {self.title}\n\n{self.text}"


def explain(code: Code) -> Explanation:
    text = resources.files(__name__).joinpath(f"{code}.md").read_text(encoding="utf-8")
    title, _, body = text.partition("\n")
    return Explanation(code, title.removeprefix("# "), body.strip() + "\n")


def explained() -> Iterator[str]:
    """The codes there is an entry for, sorted."""
    names = sorted(entry.name for entry in resources.files(__name__).iterdir())
    yield from (name.removesuffix(".md") for name in names if name.endswith(".md"))

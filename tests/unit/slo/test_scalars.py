from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gridobs import sources
from gridobs.slo.scalars import place

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n  - q: sum(x)  # why\n", (2, 12)),
        ("a:\n  - q: 'sum(x)'\n", (2, 13)),
        ('a:\n  - q: "sum(x)"\n', (2, 13)),
        ("a:\n  - q: |\n      sum(\n        x)\n", (4, 9)),
        ("a:\n  - q: >-\n      sum(\n      x)\n", (4, 7)),
        ("a:\n  - q: sum(\n      x)\n", (3, 7)),
        ('a:\n  - q: "sum(\\\n      x)"\n', (2, 8)),
        ('a:\n  - q: "\\u0073um(x)"\n', (2, 8)),
    ],
    ids=["plain", "single", "double", "literal", "folded", "plain-lines", "escaped-line", "escape"],
)
def test_a_character_of_a_query_is_found_in_the_file(tmp_path: Path, text: str, expected: tuple[int, int]) -> None:
    (tmp_path / "a.yaml").write_text(text)
    (document,) = sources.read(tmp_path / "a.yaml")
    loc = ("a", 0, "q")
    value = document.data["a"][0]["q"]  # type: ignore[index] # the shape is written above

    assert place(document, loc, value.index("x)")) == expected

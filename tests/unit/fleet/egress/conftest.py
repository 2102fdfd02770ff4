"""Sources that are right, to plant something wrong into."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ALERTS = Path(__file__).parents[4] / "alerts"


class Plant(Protocol):
    def __call__(self, text: str, *, at: str = "rules/planted.yaml", egress: str | None = None) -> Path:
        """Write ``text`` into the sources, and what else may leave; gives their folder."""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """One objective, and the rules that every site has."""
    folder = tmp_path / "alerts"
    for path in ("slos/mqtt-availability.yaml", "rules/site.yaml", "rules/k3s.yaml", "rules/policy.yaml"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ALERTS / path, folder / path)
    return folder


@pytest.fixture
def plant(sources: Path) -> Plant:
    def planted(text: str, *, at: str = "rules/planted.yaml", egress: str | None = None) -> Path:
        (sources / at).parent.mkdir(exist_ok=True)
        (sources / at).write_text(text)
        if egress is not None:
            (sources / "egress.yaml").write_text(egress)
        return sources

    return planted


@pytest.fixture
def record(plant: Plant) -> Callable[[str], Path]:
    """Let ``site:planted:max`` be recorded by an expression, and leave."""

    def recorded(expr: str) -> Path:
        text = f"groups:\n- name: planted\n  rules:\n  - record: site:planted:max\n    expr: |-\n      {expr}\n"
        return plant(text, egress="names: [{name: 'site:planted:max', reason: The test reads it.}]\n")

    return recorded

"""What docs/slo.md shows can be copied."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from pydantic.alias_generators import to_camel

from gridobs import sources
from gridobs.slo import openslo
from gridobs.slo.exclusions import load_exclusions
from gridobs.slo.openslo.annotations import Annotations
from gridobs.slo.settings import Settings, load_settings

PAGE = (Path(__file__).parents[3] / "docs/slo.md").read_text()
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SLO, SHARED = (block for block in BLOCKS if block.startswith("apiVersion"))


def table(heading: str) -> list[str]:
    """The first cells of the first table below ``heading``, without their backquotes."""
    section = PAGE.partition(f"\n{heading}\n")[2]
    rows = re.search(r"^\|.*\n\|[-|]+\n((?:\|.*\n)+)", section, re.MULTILINE)
    assert rows
    return [name for row in rows[1].splitlines() for name in re.findall("`([^`]+)`", row.split("|")[1])]


def load(folder: Path, text: str) -> tuple[openslo.Loaded, ...]:
    (folder / "x.yaml").write_text(text)
    return openslo.load(sources.read(folder / "x.yaml"), Settings())


def test_the_first_example_loads_alone_and_with_the_shared_indicator(tmp_path: Path) -> None:
    (alone,) = load(tmp_path, SLO)
    inline = SLO[SLO.index("  indicator:") : SLO.index("  timeWindow:")]
    (shared,) = load(tmp_path, SLO.replace(inline, "  indicatorRef: within-30-ms\n") + "---\n" + SHARED)

    assert alone.objective.name == shared.objective.name == "power-availability"
    assert alone.objective.indicator != shared.objective.indicator


@pytest.mark.parametrize("window", re.findall(r"^\| `(\[\{duration.*?\]\}?\]?)` \|", PAGE, re.MULTILINE))
def test_the_periods_that_are_shown_load(tmp_path: Path, window: str) -> None:
    shown = SLO[SLO.index("  timeWindow:") : SLO.index("  budgetingMethod:")]

    assert load(tmp_path, SLO.replace(shown, f"  timeWindow: {window}\n"))


def test_the_exclusion_that_is_shown_loads(tmp_path: Path) -> None:
    (exclusion,) = (block for block in BLOCKS if block.startswith("name:"))
    (tmp_path / "exclusions").mkdir()
    (tmp_path / "exclusions/a.yaml").write_text(exclusion)

    (loaded,) = load_exclusions(tmp_path, slos=["power-availability"])
    assert loaded.end - loaded.start == 4 * 3600


def test_every_annotation_and_every_setting_is_documented(tmp_path: Path) -> None:
    aliases = [field.alias for field in Annotations.model_fields.values()]
    assert sorted(table("### Annotations")) == sorted(filter(None, aliases))

    values = {"interval": "30s", "periodInterval": "2m", "scrapeInterval": "30s", "retention": "32d"}
    shown = set(table("## Settings"))
    assert shown == {to_camel(field.name) for field in dataclasses.fields(Settings)}
    text = "".join(f"{name}: {values.get(name, 'https://a.example')}\n" for name in shown - {"histograms"})
    (tmp_path / "settings.yaml").write_text(text + "histograms: {my_latency_seconds: [0.01, 0.1, 1]}\n")
    assert load_settings(tmp_path).histograms["my_latency_seconds"]

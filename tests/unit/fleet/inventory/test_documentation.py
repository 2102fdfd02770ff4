from __future__ import annotations

import re
from pathlib import Path

from gridobs.fleet import inventory
from gridobs.fleet.inventory.schema import DefaultsSchema, HubSchema, RegionSchema, SiteSchema
from gridobs.fleet.inventory.table import COLUMNS
from gridobs.fleet.model import Hub

PAGE = (Path(__file__).parents[4] / "docs/fleet/inventory.md").read_text()


def test_the_example_loads_and_shows_the_defaults_of_the_hub(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "fleet.yaml").write_text(example)
    fleet = inventory.load(tmp_path / "fleet.yaml")

    assert fleet.hub == Hub(alertmanagers=fleet.hub.alertmanagers, receiver=fleet.hub.receiver)
    assert len(fleet.sites) == 2


def test_the_table_loads_and_has_every_column(tmp_path: Path) -> None:
    (example,) = re.findall(r"```\n(id,.*?)```", PAGE, re.DOTALL)
    (tmp_path / "sites.csv").write_text(example)

    assert len(inventory.load(tmp_path / "sites.csv").sites) == 1
    assert example.splitlines()[0] == ",".join(COLUMNS)


def test_every_field_is_described() -> None:
    schemas = (HubSchema, RegionSchema, DefaultsSchema, SiteSchema)
    fields = {field.alias or name for schema in schemas for name, field in schema.model_fields.items()}

    assert {field for field in fields if f"`{field}`" not in PAGE} == set()

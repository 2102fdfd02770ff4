from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gridobs.fleet import egress, inventory
from gridobs.fleet.capacity import constants

REPOSITORY = Path(__file__).parents[3]


def plan(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``gridobs fleet plan`` as a person runs it, in ``folder``."""
    gridobs = Path(sys.executable).with_name("gridobs")
    command = [str(gridobs), "fleet", "plan", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place with an inventory of 50 sites."""
    fleet = inventory.invent(sites=50, regions=3, seed=1)
    (tmp_path / "fleet.yaml").write_text(inventory.dump(fleet))
    return tmp_path


def test_the_plan_is_told_with_every_constant_and_its_source(folder: Path) -> None:
    done = plan(folder, "--series", "200")

    assert (done.returncode, done.stderr) == (0, "")
    for row in ("series", "samples", "CPU", "memory", "disk", "WAN of the hub", "back-fill of 1d", "shards"):
        assert f"\n{row} " in done.stdout
    assert all(one.name in done.stdout for one in constants.TABLE)
    assert constants.MACHINE in done.stdout


def test_the_plan_as_json_has_the_same_figures(folder: Path) -> None:
    done = plan(folder, "--series", "200", "--retention", "30d", "--json")
    made = json.loads(done.stdout)

    assert (200, 2_592_000, 1) == (made["series_per_site"], made["retention"], made["shards_needed"])
    assert [one.name for one in constants.TABLE] == [one["name"] for one in made["constants"]]
    assert {"transport", "interval", "sites", "body", "bytes_per_second"} == set(made["wan"][0])


def test_without_a_number_of_series_the_rules_of_a_site_say_what_leaves_it(folder: Path) -> None:
    done = plan(folder, "--sources", str(REPOSITORY / "alerts"), "--json")

    assert json.loads(done.stdout)["series_per_site"] == egress.derive(REPOSITORY / "alerts").bound


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--inventory", "none.yaml"],
            "none.yaml:1:1 GO001 the file cannot be read: No such file or directory; make",
        ),
        (["--inventory", "bad.csv"], "bad.csv:2:1 GO706 the row has 1 cells, the header 3; give it one for each"),
        (["--retention", "long"], "--retention: 'long' is not a duration; write it like 30s, 5m, 1h or 30d"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(folder: Path, arguments: list[str], told: str) -> None:
    (folder / "bad.csv").write_text("id,region,address\nsub-0001\n")
    done = plan(folder, "--series", "200", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(told)

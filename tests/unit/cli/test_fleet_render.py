from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from gridobs.cli.app import app
from gridobs.errors import Findings, SourceError, UsageError
from gridobs.fleet import inventory
from gridobs.fleet.model import Fleet, Hub, Region, Site

if TYPE_CHECKING:
    from typer.testing import Result

ALERTS = Path(__file__).parents[3] / "alerts"


@pytest.fixture
def fleet() -> Fleet:
    sites = tuple(
        Site(id=f"sub-{number:04}", region="north", address=f"sub-{number:04}.example:9443")
        for number in range(1, 41)
    )
    return Fleet(regions=(Region(name="north"),), sites=sites, hub=Hub(alertmanagers=("am.example:9093",)))


def write(fleet: Fleet, folder: Path) -> Path:
    file = folder / "fleet.yaml"
    file.write_text(inventory.dump(fleet))
    return file


def run(file: Path, out: Path, *more: str) -> Result:
    command = ["fleet", "render", "--inventory", str(file), "--out", str(out), "--sources", str(ALERTS), *more]
    return CliRunner().invoke(app, command)


def test_says_what_it_wrote_and_a_check_of_it_finds_nothing(fleet: Fleet, tmp_path: Path) -> None:
    file, out = write(fleet, tmp_path), tmp_path / "out"
    written, checked = run(file, out), run(file, out, "--check")

    assert (written.exit_code, checked.exit_code) == (0, 0), written.output + checked.output
    assert "40 sites (40 live) in 1 regions\n40 are pulled: 40 by shard 0\n" in written.output
    assert checked.output.endswith(
        f"0 of 40 sites move to another shard\n{written.output.splitlines()[2]}\nnothing in {out} differs\n"
    )
    assert (out / "hub/shard-0/rules/site-visibility.yaml").is_file()
    assert (out / "sites/sub-0001/gate.conf").is_file()


def test_a_second_shard_moves_only_what_it_takes(fleet: Fleet, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(write(fleet, tmp_path), out)
    more = replace(fleet, hub=replace(fleet.hub, shards=2))
    done = run(write(more, tmp_path), out)
    taken = (out / "hub/shard-1/targets/north.json").read_text().count('"site"')

    assert done.exit_code == 0, done.output
    assert f"{taken} of 40 sites move to another shard" in done.output
    assert 0 < taken < 40
    assert (out / "hub/global/prometheus.yml").is_file()


def test_a_check_of_what_differs_is_a_finding_and_writes_nothing(fleet: Fleet, tmp_path: Path) -> None:
    file, out = write(fleet, tmp_path), tmp_path / "out"
    run(file, out)
    changed = out / "hub/alertmanager.yml"
    changed.write_text("route: {}\n")
    checked = run(file, out, "--check")

    assert isinstance(checked.exception, Findings)
    assert f"stale: {changed}" in checked.output
    assert changed.read_text() == "route: {}\n"


def test_a_machine_is_told_the_same_as_one_object(fleet: Fleet, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = json.loads(run(write(fleet, tmp_path), out, "--json").stdout)
    more = replace(fleet, hub=replace(fleet.hub, shards=2), sites=fleet.sites[:39])
    second = json.loads(run(write(more, tmp_path), out, "--json").stdout)

    assert {key: first[key] for key in ("sites", "regions", "pulled", "moved", "updated", "removed")} == {
        "sites": {"live": 40},
        "regions": 1,
        "pulled": {"0": 40},
        "moved": [],
        "updated": [],
        "removed": [],
    }
    assert first["files"] == len([path for path in first["created"] if path != ".generated-by-gridobs"])
    assert (len(second["moved"]), sum(second["pulled"].values())) == (second["pulled"]["1"], 39)
    assert "hub/global/prometheus.yml" in second["created"]
    assert "hub/alertmanager.yml" not in second["updated"]
    assert "hub/shard-0/targets/north.json" in second["updated"]
    assert "sites/sub-0040/gate.conf" in second["removed"]


def test_a_check_for_a_machine_names_what_would_change_and_is_a_finding(fleet: Fleet, tmp_path: Path) -> None:
    file, out = write(fleet, tmp_path), tmp_path / "out"
    run(file, out)
    same = run(file, out, "--check", "--json")
    (out / "hub/alertmanager.yml").write_text("route: {}\n")
    checked = run(file, out, "--check", "--json")
    unchanged, changed = json.loads(same.stdout), json.loads(checked.stdout)

    assert (same.exit_code, unchanged["created"], unchanged["updated"], unchanged["removed"]) == (0, [], [], [])
    assert isinstance(checked.exception, Findings)
    assert (changed["created"], changed["updated"], changed["removed"]) == ([], ["hub/alertmanager.yml"], [])


def test_a_hub_without_a_back_fill_is_rendered_without_its_alerts(fleet: Fleet, tmp_path: Path) -> None:
    file, out = write(fleet, tmp_path), tmp_path / "out"
    run(file, out)
    alerts = out / "hub/shard-0/rules/backfill-alerts.yaml"
    before = alerts.is_file()
    done = run(file, out, "--backfill-address", "")

    assert (before, done.exit_code, alerts.exists()) == (True, 0, False)


def test_an_address_that_cannot_be_scraped_is_wrong_usage(fleet: Fleet, tmp_path: Path) -> None:
    done = run(write(fleet, tmp_path), tmp_path / "out", "--backfill-address", "nowhere")

    assert isinstance(done.exception, UsageError)
    assert "--backfill-address: 'nowhere' has no port" in str(done.exception)


def test_a_broken_inventory_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "fleet.yaml"
    file.write_text("sites: 3\n")

    assert isinstance(run(file, tmp_path / "out").exception, SourceError)


def test_a_folder_that_is_not_ours_is_left_alone(fleet: Fleet, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    done = run(write(fleet, tmp_path), out)

    assert isinstance(done.exception, UsageError)
    assert [file.name for file in out.iterdir()] == ["mine.txt"]

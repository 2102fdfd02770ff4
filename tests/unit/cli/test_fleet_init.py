from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gridobs.fleet import inventory


def init(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``gridobs fleet init`` as a person runs it, in ``folder``."""
    gridobs = Path(sys.executable).with_name("gridobs")
    command = [str(gridobs), "fleet", "init", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_fleet_is_written_and_told(tmp_path: Path) -> None:
    done = init(tmp_path, "--sites", "20", "--regions", "2", "--seed", "3", "--out", "x.yaml")

    fleet = inventory.load(tmp_path / "x.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"written: x.yaml, 20 sites in 2 regions, {len(fleet.watched)} of them watched\n"
    assert fleet == inventory.invent(sites=20, regions=2, seed=3, source="x.yaml")


def test_a_file_that_is_there_is_kept_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text("mine")
    refused = init(tmp_path, "--sites", "9")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("fleet.yaml is there already; write over it with --force")
    assert (tmp_path / "fleet.yaml").read_text() == "mine"

    assert init(tmp_path, "--sites", "4", "--force").returncode == 0
    assert len(inventory.load(tmp_path / "fleet.yaml").sites) == 4


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--sites", "2", "--regions", "3"], "2 sites cannot be in 3 regions; write fewer --regions"),
        (["--out", "fleet.csv"], "fleet.csv will hold YAML; name it *.yaml with --out"),
        (["--out", "nowhere/fleet.yaml"], "nowhere/fleet.yaml cannot be written: No such file or directory; name"),
    ],
)
def test_what_cannot_be_written_is_told_in_a_line(tmp_path: Path, arguments: list[str], told: str) -> None:
    done = init(tmp_path, *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(told)

"""What a small fleet's hub is given, for each Prometheus, with one shard and with two."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from gridobs import artifacts
from gridobs.fleet import hub
from gridobs.fleet.hub import visibility
from gridobs.slo.promql import PrometheusVersion
from tests.unit.fleet.hub.conftest import ALERTS
from tests.unit.fleet.hub.conftest import egress as egress  # noqa: PLC0414 - a fixture is used by its name
from tests.unit.fleet.hub.conftest import fleet as fleet  # noqa: PLC0414 - as above

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.model import Fleet

GOLDEN = Path(__file__).parent / "fleet"
FOLDERS = {1: "hub-of-one-shard-prometheus-{}", 2: "hub-of-two-shards-prometheus-{}"}
CASES = [
    pytest.param(1, PrometheusVersion.V2_42, id="hub-of-one-shard"),
    pytest.param(2, PrometheusVersion.V3, id="hub-of-two-shards"),
]
REFUSED_BY_2_42 = ("track_timestamps_staleness", "fallback_scrape_protocol")


def rendered(
    fleet: Fleet, egress: Egress, *, shards: int, version: PrometheusVersion, settings: hub.Settings | None = None
) -> tuple[artifacts.Artifact, ...]:
    sized = replace(fleet, hub=replace(fleet.hub, shards=shards))
    return hub.render(sized, egress, version, objectives=visibility.load(ALERTS), settings=settings)


@pytest.mark.parametrize(("shards", "version"), CASES)
def test_renders(
    shards: int,
    version: PrometheusVersion,
    fleet: Fleet,
    egress: Egress,
    matches_golden: Callable[[Path, str], None],
) -> None:
    folder = GOLDEN / FOLDERS[shards].format(version)
    made = rendered(fleet, egress, shards=shards, version=version)
    for artifact in made:
        (folder / artifact.path).parent.mkdir(parents=True, exist_ok=True)
        matches_golden(folder / artifact.path, artifact.content)

    assert {one.path for one in made} == {
        PurePosixPath(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()
    }


@pytest.mark.parametrize("shards", [1, 2])
def test_prometheus_2_42_accepts_every_configuration(
    shards: int, fleet: Fleet, egress: Egress, tmp_path: Path
) -> None:
    promtool = shutil.which("promtool") or pytest.fail("promtool is not installed; run: make setup")
    tls = tmp_path / "tls"
    tls.mkdir()
    for name in ("ca.crt", "tls.crt", "tls.key"):
        (tls / name).touch()
    settings = hub.Settings(tls_folder=str(tls))
    artifacts.write(
        rendered(fleet, egress, shards=shards, version=PrometheusVersion.V2_42, settings=settings), tmp_path / "out"
    )
    files = sorted((tmp_path / "out/hub").glob("*/prometheus.yml"))
    checked = subprocess.run([promtool, "check", "config", *files], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert len(files) == (1 if shards == 1 else shards + 1)


def test_alertmanager_accepts_its_configuration(fleet: Fleet, egress: Egress, tmp_path: Path) -> None:
    amtool = shutil.which("amtool") or pytest.fail("amtool is not installed; run: make setup")
    made = rendered(fleet, egress, shards=1, version=PrometheusVersion.V2_42)
    file = tmp_path / "alertmanager.yml"
    file.write_text(next(one.content for one in made if one.path.name == "alertmanager.yml"))
    checked = subprocess.run([amtool, "check-config", file], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_prometheus_3_gets_the_settings_that_2_42_refuses(fleet: Fleet, egress: Egress) -> None:
    def configured(version: PrometheusVersion) -> str:
        made = rendered(fleet, egress, shards=1, version=version)
        return next(one.content for one in made if one.path.name == "prometheus.yml")

    assert [name in configured(PrometheusVersion.V3) for name in REFUSED_BY_2_42] == [True, True]
    assert [name in configured(PrometheusVersion.V2_42) for name in REFUSED_BY_2_42] == [False, False]

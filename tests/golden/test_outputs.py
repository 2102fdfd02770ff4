"""Each folder of outputs/ holds sources in alerts/, and what is generated from them for each Prometheus."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from gridobs.cli.outputs import outputs
from gridobs.slo.promql import PrometheusVersion

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridobs.artifacts import Artifact

CASES = sorted((Path(__file__).parent / "outputs").iterdir())
ALERTS = Path(__file__).parents[2] / "alerts"
VERSIONS = [pytest.param(version, id=f"prometheus-{version}") for version in PrometheusVersion]


def shipped(sources: Path, version: PrometheusVersion) -> tuple[Artifact, ...]:
    return outputs(sources, version, out=Path("generated"), tests_out=Path("tests")).shipped


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_generates(case: Path, version: PrometheusVersion, matches_golden: Callable[[Path, str], None]) -> None:
    folder = case / f"prometheus-{version}"
    for artifact in shipped(case / "alerts", version):
        (folder / artifact.path).parent.mkdir(parents=True, exist_ok=True)
        matches_golden(folder / artifact.path, artifact.content)


@pytest.mark.parametrize("version", VERSIONS)
def test_prometheus_accepts_every_output(version: PrometheusVersion, tmp_path: Path) -> None:
    promtool = shutil.which("promtool") or pytest.fail("promtool is not installed; run: make setup")
    files = []
    for artifact in shipped(ALERTS, version):
        content = yaml.safe_load(artifact.content)
        file = tmp_path / str(artifact.path).replace("/", "-")
        file.write_text(yaml.safe_dump(content["spec"]) if "spec" in content else artifact.content)
        files.append(str(file))
    checked = subprocess.run(
        [promtool, "check", "rules", "--lint=all", *files], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("SUCCESS") == len(files) >= 2 * len(list(ALERTS.glob("slos/*.yaml")))


@pytest.mark.parametrize("version", VERSIONS)
def test_an_object_holds_the_rules_of_its_file(version: PrometheusVersion) -> None:
    made = {artifact.path: yaml.safe_load(artifact.content) for artifact in shipped(ALERTS, version)}
    objects = {path: content for path, content in made.items() if path.parent.name == "prometheusrules"}

    assert len(objects) == len(made) / 2 > 0
    for path, content in objects.items():
        assert content["spec"] == made[path.parent.parent / "rules" / path.name]
        assert content["metadata"]["name"] == f"gridobs-{path.stem}"


def test_only_rules_for_prometheus_3_spell_ranges_and_whole_edges_its_way() -> None:
    texts = {version: "".join(one.content for one in shipped(ALERTS, version)) for version in PrometheusVersion}

    assert r'le=~"5(\\.0)?"' in texts[PrometheusVersion.V2_42]
    assert "[59m59s]" in texts[PrometheusVersion.V2_42]
    assert 'le="5.0"' in texts[PrometheusVersion.V3]
    assert r"(\\.0)?" not in texts[PrometheusVersion.V3]
    assert "[59m59s]" not in texts[PrometheusVersion.V3]

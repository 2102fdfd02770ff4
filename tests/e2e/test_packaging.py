"""The wheel, in an environment with nothing but its base dependencies: what an edge node gets."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def slim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` of an environment with the wheel and its base dependencies."""
    folder = tmp_path_factory.mktemp("slim")
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv" / "bin"
    wheels = folder / "wheels"
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", wheels, ROOT], check=True)
    (wheel,) = wheels.glob("gridobs-*.whl")
    subprocess.run(
        [programs / "python", "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel], check=True
    )
    return programs


def test_the_exporter_runs_on_the_base_install(slim: Path) -> None:
    with subprocess.Popen(
        [
            slim / "gridobs-exporter",
            "--web.listen-address=127.0.0.1:0",
            "--pipeline.store=/nonexistent/power.db",
            "--mqtt.broker=mqtt://127.0.0.1:9",
        ],
        stderr=subprocess.PIPE,
        text=True,
    ) as exporter:
        assert exporter.stderr is not None
        url = next(line.split()[-1] for line in exporter.stderr if " serves " in line)
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own, on loopback
            text = answer.read().decode()
        exporter.terminate()

    assert 'gridobs_pipeline_up{store="power"} 0.0' in text
    assert 'gridobs_mqtt_up{broker="127.0.0.1:9"} 0.0' in text
    assert 'gridobs_exporter_collector_success{collector="mqtt"} 0.0' in text
    assert exporter.returncode == 0


def test_the_base_install_has_what_a_web_configuration_needs(slim: Path, tmp_path: Path) -> None:
    hashed = subprocess.run(
        [slim / "python", "-c", "import bcrypt; print(bcrypt.hashpw(b'x', bcrypt.gensalt(4)).decode())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    web = tmp_path / "web.yml"
    web.write_text(f"basic_auth_users:\n  alice: {hashed}")
    checked = subprocess.run(
        [slim / "gridobs-exporter", "--pipeline.store=a.db", f"--web.config.file={web}", "--config.check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (checked.returncode, checked.stdout) == (0, "pipeline: this can work.\n"), checked.stderr


def test_a_collector_of_an_extra_says_which_extra(slim: Path) -> None:
    told = subprocess.run(
        [slim / "gridobs-exporter", "--collector.wasmedge", "--config.check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith("gridobs-exporter: --collector.wasmedge: collector wasmedge lacks ")
    assert told.stderr.endswith("; run: pip install 'gridobs[wasm]'\n")


def test_the_control_plane_says_which_extra_is_missing(slim: Path) -> None:
    result = subprocess.run([slim / "gridobs", "--version"], capture_output=True, text=True, check=False)

    assert result.returncode == 2
    assert "run: pip install 'gridobs[gen]'" in result.stderr


def test_the_base_install_brings_nothing_of_the_extras(slim: Path) -> None:
    listed = subprocess.run(
        [slim / "python", "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True, check=True
    ).stdout

    installed = {line.split("==")[0].lower() for line in listed.splitlines()}
    assert {"paho-mqtt", "prometheus_client", "pyyaml", "urllib3"} <= installed
    assert not {"grafanalib", "opentelemetry-sdk", "pydantic", "rich", "typer"} & installed


def test_the_wheel_carries_its_data_files(slim: Path) -> None:
    program = "from importlib.resources import files; print(*(files('gridobs') / 'slo' / 'windows').iterdir())"
    out = subprocess.run([slim / "python", "-c", program], capture_output=True, text=True, check=True).stdout

    assert {"30d.yaml", "28d.yaml", "7d.yaml"} <= {Path(path).name for path in out.split()}

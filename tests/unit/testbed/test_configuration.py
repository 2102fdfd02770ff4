"""The configuration files satisfy the programs they are for."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from gridobs.testbed import configuration

if TYPE_CHECKING:
    from pathlib import Path


def test_promtool_accepts_the_prometheus_configuration(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    config = tmp_path / "prometheus.yml"
    config.write_text(
        configuration.prometheus(site="sub-0001", region="east", processor=1, exporter=2, alertmanager=3)
    )

    subprocess.run(["promtool", "check", "config", str(config)], check=True, capture_output=True)


def test_a_site_speaks_in_its_own_name() -> None:
    text = configuration.prometheus(site="sub-0042", region="west", processor=1, exporter=2, alertmanager=3)

    assert yaml.safe_load(text)["global"]["external_labels"] == {"site": "sub-0042", "region": "west"}


@pytest.fixture
def alertmanager(tmp_path: Path) -> Path:
    config = tmp_path / "alertmanager.yml"
    config.write_text(configuration.alertmanager(webhook=1))
    return config


def test_amtool_accepts_the_alertmanager_configuration(alertmanager: Path) -> None:
    subprocess.run(["amtool", "check-config", str(alertmanager)], check=True, capture_output=True)


@pytest.mark.parametrize("severity", ["page", "ticket"])
def test_every_severity_reaches_the_pager(alertmanager: Path, severity: str) -> None:
    route = ["amtool", "config", "routes", "test", f"--config.file={alertmanager}", "--verify.receivers=pager"]

    subprocess.run([*route, f"severity={severity}"], check=True, capture_output=True)

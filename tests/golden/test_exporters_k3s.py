"""What is exposed of the site the fixtures tell of."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.unit.exporters.conftest import hands as hands  # noqa: PLC0414 - a fixture is used by its name
from tests.unit.exporters.conftest import promtool as promtool  # noqa: PLC0414 - as above
from tests.unit.exporters.k3s.conftest import certificates as certificates  # noqa: PLC0414 - as above
from tests.unit.exporters.k3s.conftest import site as site  # noqa: PLC0414 - as above

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.exporters.k3s.standin import Exposition, Site

GOLDEN = Path(__file__).parent / "exporters" / "k3s.prom"
UNSTEADY = ("gridobs_k3s_apiserver_clock_offset_seconds ", "gridobs_k3s_apiserver_certificate_expiry_")


@pytest.fixture
def second_reading(site: Site, tmp_path: Path) -> Exposition:
    """A minute after the first, when something has happened that is counted."""
    store = tmp_path / "state.db"
    for name, size in (("state.db", 4096), ("state.db-wal", 1000), ("state.db-shm", 32768)):
        (tmp_path / name).write_bytes(bytes(size))
    collector = site.collector(datastore=str(store))
    site.refresh(collector)
    for kubelet in site.kubelets.values():
        answer = kubelet.answers["/metrics"]
        body = answer.body.replace(b'"nodefs.available"} 1', b'"nodefs.available"} 4').replace(
            b'kine_sql_total{error_code=""} 4000', b'kine_sql_total{error_code=""} 4100'
        )
        kubelet.answers["/metrics"] = replace(answer, body=body)
    pods = site.listed("/api/v1/pods")
    pods[1]["status"]["containerStatuses"][0]["restartCount"] += 3
    site.list("/api/v1/pods", pods)
    site.hands.now = 60
    site.refresh(collector)
    return site.scrape(collector)


def test_the_exposition_of_the_site(second_reading: Exposition, matches_golden: Callable[[Path, str], None]) -> None:
    unsteady = (*UNSTEADY, "gridobs_k3s_datastore_filesystem_")
    lines = second_reading.text.splitlines(keepends=True)

    matches_golden(GOLDEN, "".join(line for line in lines if not line.startswith(unsteady)))


def test_promtool_finds_nothing_to_say(second_reading: Exposition, promtool: str) -> None:
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=second_reading.text, capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")

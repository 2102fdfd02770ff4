"""The installed exporter against the stand-in for a K3s site, which dies, hangs and comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.unit.exporters.conftest import Hands
from tests.unit.exporters.k3s.standin import Answer, Certificates, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.exporters.conftest import Exporter, Start, Until

pytestmark = pytest.mark.e2e
UP = "gridobs_k3s_up"
NODE = 'gridobs_k3s_node_ready{node="edge-1"}'
KUBELET = 'gridobs_k3s_kubelet_up{node="edge-1"}'


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    folder = tmp_path / "site"
    folder.mkdir()
    site = Site(folder, Certificates(folder), Hands())
    yield site
    site.stop()


@pytest.fixture
def running(site: Site, exporter: Start, until: Until, tmp_path: Path) -> Exporter:
    """An exporter that knows the whole site and refreshes it every second."""
    quick = {"probe_interval": "1s", "refresh_interval": "1s"}
    (tmp_path / "exporter.yaml").write_text(yaml.safe_dump({"k3s": site.values(**quick)}))
    one = exporter(f"--config.file={tmp_path / 'exporter.yaml'}")
    until(lambda: one.scrape().get(KUBELET) == 1 and one.scrape().get(NODE) == 1, what="the site is known")
    return one


def no_answer(site: Site) -> None:
    site.api.stop()


def an_error(site: Site) -> None:
    site.api.answers = dict.fromkeys(site.api.answers, Answer(status=500, body=b"etcd failed"))


def slow(site: Site) -> None:
    site.api.answers = {path: replace(answer, wait=60) for path, answer in site.api.answers.items()}


def garbage(site: Site) -> None:
    site.api.answers = dict.fromkeys(site.api.answers, Answer(raw=b"\x16\x03\x01" * 50))


@pytest.mark.parametrize("broken", [no_answer, an_error, slow, garbage])
def test_an_api_server_that_fails_leaves_no_old_series_and_comes_back(
    site: Site, running: Exporter, until: Until, broken: Callable[[Site], None]
) -> None:
    whole = site.api.answers
    broken(site)
    until(lambda: running.scrape()[UP] == 0 and NODE not in running.scrape(), what="the API server is down")
    failed = running.scrape()

    assert running.process.poll() is None
    assert failed[KUBELET] == 1
    assert failed["gridobs_k3s_readyz_failures_total"] >= 1
    assert failed['gridobs_exporter_collector_success{collector="k3s"}'] == 0

    if broken is no_answer:
        site.restart_api()
    site.api.answers = whole
    until(lambda: running.scrape()[UP] == 1 and NODE in running.scrape(), what="the API server is back")


def test_a_kubelet_that_hangs_costs_its_own_series_and_no_scrape(site: Site, running: Exporter, until: Until) -> None:
    kubelet = site.kubelets["edge-1"]
    kubelet.answers["/metrics/resource"] = replace(kubelet.answers["/metrics/resource"], wait=60)
    until(
        lambda: 'gridobs_k3s_node_memory_working_set_bytes{node="edge-1"}' not in running.scrape(), what="it is gone"
    )
    scraped = running.scrape()

    assert scraped[KUBELET] == 0
    assert scraped[UP] == 1
    assert scraped['gridobs_k3s_kubelet_up{node="edge-2"}'] == 1
    assert scraped['gridobs_exporter_collector_duration_seconds{collector="k3s"}'] < 1

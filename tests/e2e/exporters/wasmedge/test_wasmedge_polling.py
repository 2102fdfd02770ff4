"""The fallback: CRI of a real containerd, polled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.exporters.conftest import Start, Until
    from tests.e2e.exporters.wasmedge.containerd import Site

pytestmark = pytest.mark.e2e

COUNT = "gridobs_wasmedge_container_start_duration_seconds_count"


def test_polling_counts_each_container_once_and_has_no_create_to_start(
    site: Site, exporter: Start, until: Until, tmp_path: Path
) -> None:
    site.run("before", "exec sleep 600", namespace="polled")
    config = tmp_path / "exporter.yaml"
    config.write_text(f"wasmedge:\n  cri_socket: {site.socket}\n  poll_interval: 200ms\n  log_root: {site.logs}\n")
    one = exporter(f"--config.file={config}")
    until(lambda: one.scrape()["gridobs_wasmedge_up"] == 1, what="up")
    labels = 'handler="wasmedge",pod_namespace="polled"'
    assert f"gridobs_wasmedge_container_starts_total{{{labels}}}" not in one.scrape()

    site.run("meter", "echo ready; exec sleep 600", namespace="polled")
    wasm = {"module.wasm.image/variant": "compat"}
    site.run("module", "exit 3", handler="crun", namespace="polled", annotations=wasm)
    until(lambda: one.scrape().get(f'{COUNT}{{{labels},stage="start_to_ready"}}') == 1, what="the log's first line")
    failed = 'gridobs_wasmedge_container_exits_total{handler="crun",pod_namespace="polled",result="error"}'
    until(lambda: one.scrape().get(failed) == 1, what="the one that failed")
    samples = one.scrape()

    assert samples[f'{COUNT}{{{labels},stage="container_to_start"}}'] == 1
    assert samples[f'{COUNT}{{{labels},stage="pod_to_start"}}'] == 1
    assert samples[f"gridobs_wasmedge_containers_running{{{labels}}}"] == 2
    assert not [name for name in samples if "create_to_start" in name or "_event_" in name]
    assert samples['gridobs_wasmedge_cpu_seconds_total{container="app",pod="meter",pod_namespace="polled"}'] > 0
    assert [
        name for name in samples if name.startswith("gridobs_wasmedge_containerd_info") and 'source="cri"' in name
    ]

    site.remove("meter")
    ended = 'gridobs_wasmedge_container_exits_total{handler="wasmedge",pod_namespace="polled",result="signal"}'
    until(
        lambda: one.scrape().get(ended, 0) + one.scrape().get(ended.replace("signal", "unknown"), 0) == 1,
        what="its end",
    )
    assert not [name for name in one.scrape() if 'pod="meter"' in name]
    for name in ("before", "module"):
        site.remove(name)

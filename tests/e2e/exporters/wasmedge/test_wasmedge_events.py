"""Starts, ends and figures of containers that stand in for wasm, from a real containerd and the kernel.

The shim is runc's under runwasi's name, and the handler ``crun`` runs runc: what is timed here is runc, not WasmEdge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.exporters.conftest import Exporter, Start, Until
    from tests.e2e.exporters.wasmedge.containerd import Site

pytestmark = pytest.mark.e2e

UP = "gridobs_wasmedge_up"
DURATION = "gridobs_wasmedge_container_start_duration_seconds"
CPU = "gridobs_wasmedge_cpu_seconds_total"
MEBIBYTE = 2**20


def series(name: str, **labels: str) -> str:
    inner = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    return f"{name}{{{inner}}}"


def counted(samples: dict[str, float], stage: str, **labels: str) -> float:
    return samples.get(series(f"{DURATION}_count", stage=stage, **labels), 0)


@pytest.fixture(name="watch")
def watch_fixture(site: Site, exporter: Start, until: Until) -> Exporter:
    """An exporter that is connected to ``site``, and sees the pods that run already."""
    one = exporter(f"--wasmedge.socket={site.socket}", f"--wasmedge.log-root={site.logs}")
    until(lambda: one.scrape()[UP] == 1, what="up")
    return one


def test_a_start_under_the_shim_that_stands_in_for_runwasi_is_timed_by_stage(
    site: Site, watch: Exporter, until: Until
) -> None:
    labels = {"handler": "wasmedge", "pod_namespace": "timed"}
    site.run("meter", "echo ready; exec sleep 600", namespace="timed")
    until(lambda: counted(watch.scrape(), "start_to_ready", **labels) == 1, what="the log's first line")
    samples = watch.scrape()

    for stage in ("create_to_start", "container_to_start", "sandbox", "pod_to_start"):
        assert counted(samples, stage, **labels) == 1, stage
        assert 0 < samples[series(f"{DURATION}_sum", stage=stage, **labels)] < 30, stage
    assert samples[series(f"{DURATION}_bucket", stage="create_to_start", le="0.01", **labels)] in (0, 1)
    sums = {
        stage: samples[series(f"{DURATION}_sum", stage=stage, **labels)]
        for stage in ("create_to_start", "container_to_start", "pod_to_start")
    }
    assert sums["create_to_start"] < sums["container_to_start"] < sums["pod_to_start"]
    assert samples[series("gridobs_wasmedge_container_starts_total", **labels)] == 1
    assert samples[series("gridobs_wasmedge_containers_running", **labels)] == 1
    site.remove("meter")


def test_a_start_under_runc_that_stands_in_for_crun_is_told_by_its_annotation(
    site: Site, watch: Exporter, until: Until
) -> None:
    site.run("plain", "exec sleep 600", handler="crun", namespace="crun-plain")
    site.run("other", "exec sleep 600", handler="runc", namespace="runc-plain")
    wasm = {"module.wasm.image/variant": "compat"}
    site.run("module", "exec sleep 600", handler="crun", namespace="crun-wasm", annotations=wasm)
    labels = {"handler": "crun", "pod_namespace": "crun-wasm"}
    until(lambda: counted(watch.scrape(), "create_to_start", **labels) == 1, what="the start")
    samples = watch.scrape()

    assert counted(samples, "sandbox", **labels) == 1
    assert not [name for name in samples if "crun-plain" in name or "runc-plain" in name]
    for name in ("plain", "other", "module"):
        site.remove(name)


def test_the_kernel_s_figures_of_a_pod_come_and_go_with_it(site: Site, watch: Exporter, until: Until) -> None:
    labels = {"pod_namespace": "power", "pod": "busy", "container": "app"}
    site.run("busy", "while :; do :; done", cpu=0.1, memory=48 * MEBIBYTE)
    throttled = series("gridobs_wasmedge_cpu_throttled_periods_total", **labels)
    until(lambda: watch.scrape().get(throttled, 0) >= 3, what="throttling")
    samples = watch.scrape()

    assert samples[series(CPU, **labels)] > 0.01
    assert samples[series("gridobs_wasmedge_cpu_throttled_seconds_total", **labels)] > 0.01
    assert samples[series("gridobs_wasmedge_cpu_periods_total", **labels)] >= samples[throttled]
    assert samples[series("gridobs_wasmedge_memory_limit_bytes", **labels)] == 48 * MEBIBYTE
    assert 0 < samples[series("gridobs_wasmedge_memory_working_set_bytes", **labels)] < 48 * MEBIBYTE
    assert samples[series("gridobs_wasmedge_pids", **labels)] >= 1
    assert samples[series("gridobs_wasmedge_oom_kills_total", **labels)] == 0

    site.remove("busy")

    until(lambda: series(CPU, **labels) not in watch.scrape(), what="the series are gone")
    assert not [name for name in watch.scrape() if 'pod="busy"' in name]
    ends = {"handler": "wasmedge", "pod_namespace": "power", "result": "signal"}
    assert watch.scrape()[series("gridobs_wasmedge_container_exits_total", **ends)] == 1


def test_a_container_out_of_memory_is_counted_and_stays_counted(site: Site, watch: Exporter, until: Until) -> None:
    labels = {"handler": "wasmedge", "pod_namespace": "hungry"}
    site.run("hungry", "x=0123456789; while :; do x=$x$x; done", namespace="hungry", memory=24 * MEBIBYTE)
    events = series("gridobs_wasmedge_container_oom_events_total", **labels)
    until(lambda: watch.scrape().get(events, 0) >= 1, what="the OOM kill")
    ended = series("gridobs_wasmedge_container_exits_total", result="signal", **labels)
    until(lambda: watch.scrape().get(ended, 0) == 1, what="its end")
    site.remove("hungry")

    assert watch.scrape()[events] >= 1


def test_statistics_that_a_workload_logs_as_wasmedge_does_are_counted(
    site: Site, watch: Exporter, until: Until
) -> None:
    block = [
        "====================  Statistics  ====================",
        " Total execution time: 4000000 ns",
        " Wasm instructions execution time: 3000000 ns",
        " Host functions execution time: 1000000 ns",
        " Executed wasm instructions count: 1500",
        " Gas costs: 1700",
        " Instructions per second: 500000",
        "=======================   End   ======================",
    ]
    lines = "".join(f"echo '[2024-01-06 15:15:04.681] [info] {line}';" for line in block)
    labels = {"handler": "wasmedge", "pod_namespace": "jobs"}
    site.run("job", f"{lines} {lines}", namespace="jobs")
    until(lambda: watch.scrape().get(series("gridobs_wasmedge_executions_total", **labels)) == 2, what="two blocks")
    samples = watch.scrape()

    assert samples[series("gridobs_wasmedge_instructions_total", **labels)] == 3000
    assert samples[series("gridobs_wasmedge_gas_total", **labels)] == 3400
    assert samples[series("gridobs_wasmedge_execution_wasm_seconds_total", **labels)] == pytest.approx(0.006)
    assert samples[series("gridobs_wasmedge_execution_duration_seconds_bucket", le="0.005", **labels)] == 2
    assert samples[series("gridobs_wasmedge_unparseable_total", what="statistics")] == 0
    site.remove("job")

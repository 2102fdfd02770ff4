"""What happens to the collector when containerd is killed, hangs, or was never there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.exporters.conftest import Start, Until
    from tests.e2e.exporters.wasmedge.containerd import Site

pytestmark = pytest.mark.e2e

UP = "gridobs_wasmedge_up"
GAPS = "gridobs_wasmedge_event_gaps_total"
RECONNECTS = "gridobs_wasmedge_event_stream_reconnects_total"
UNMEASURED = 'gridobs_wasmedge_container_starts_unmeasured_total{reason="gap",stage="create_to_start"}'
STARTS = "gridobs_wasmedge_container_starts_total"
SUCCESS = 'gridobs_exporter_collector_success{collector="wasmedge"}'


def starts(samples: dict[str, float], namespace: str) -> float:
    return samples.get(f'{STARTS}{{handler="wasmedge",pod_namespace="{namespace}"}}', 0)


def test_a_killed_containerd_is_down_the_gap_is_counted_and_it_is_found_again(
    site: Site, exporter: Start, until: Until
) -> None:
    site.run("before", "exec sleep 600")
    one = exporter(f"--wasmedge.socket={site.socket}")
    until(lambda: one.scrape()[UP] == 1, what="up")
    cpu = 'gridobs_wasmedge_cpu_seconds_total{container="app",pod="before",pod_namespace="power"}'
    until(lambda: cpu in one.scrape(), what="the pod that ran before")
    assert starts(one.scrape(), "power") == 0, "a start before ours is not counted"

    site.kill()
    until(lambda: one.scrape()[UP] == 0, what="down")
    dark = one.scrape()
    assert dark[SUCCESS] == 0
    assert dark[GAPS] == 1
    assert cpu in dark, "the container runs on, and the kernel tells of it"
    assert not [
        name
        for name in dark
        if name.startswith(("gridobs_wasmedge_containerd_info", "gridobs_wasmedge_containers_r"))
    ]

    site.start()
    site.run("within", "exec sleep 600", namespace="gap")
    until(lambda: one.scrape()[UP] == 1, what="up again")
    until(lambda: starts(one.scrape(), "gap") == 1, what="the start that was not seen, or just so")
    samples = one.scrape()
    assert samples[RECONNECTS] == 1
    assert samples["gridobs_wasmedge_event_gap_seconds_total"] > 0
    seen = samples.get(
        'gridobs_wasmedge_container_start_duration_seconds_count{handler="wasmedge",pod_namespace="gap",stage="create_to_start"}',
        0,
    )
    assert seen + samples[UNMEASURED] == 1, "measured or unknown, never guessed"
    assert one.logged().count("no contact with containerd") >= 1

    site.run("after", "exec sleep 600", namespace="after")
    until(lambda: starts(one.scrape(), "after") == 1, what="a start as ever")
    assert one.process.poll() is None
    for name in ("before", "within", "after"):
        site.remove(name)


def test_a_containerd_that_hangs_is_down_until_it_goes_on_and_loses_nothing(
    site: Site, exporter: Start, until: Until
) -> None:
    one = exporter(f"--wasmedge.socket={site.socket}")
    until(lambda: one.scrape()[UP] == 1, what="up")
    site.suspend()
    try:
        until(lambda: one.scrape()[UP] == 0, what="down")
    finally:
        site.resume()
    until(lambda: one.scrape()[UP] == 1, what="up again")

    assert one.scrape()[GAPS] == 0


def test_a_socket_that_is_not_there_is_said_once_and_the_page_is_served(
    tmp_path: Path, exporter: Start, until: Until
) -> None:
    one = exporter(f"--wasmedge.socket={tmp_path / 'none.sock'}")
    until(lambda: one.scrape()["gridobs_wasmedge_connect_failures_total"] >= 2, what="two tries")
    samples = one.scrape()

    assert (samples[UP], samples[GAPS], samples["gridobs_wasmedge_last_answer_timestamp_seconds"]) == (0, 0, 0)
    assert one.logged().count("no contact with containerd") == 1

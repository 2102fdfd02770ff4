"""The stream as it should not be: late, twice, out of order, broken - and what is counted then."""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.clock import Clock
from gridobs_exporters.config.section import Section
from gridobs_exporters.names import wasmedge as names
from gridobs_exporters.scrape import ONLY
from gridobs_exporters.wasmedge import api, watch
from gridobs_exporters.wasmedge.kind import WASMEDGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gridobs_exporters.metric import Metric
    from gridobs_exporters.scrape import Collector

    from tests.unit.exporters.wasmedge.conftest import ScriptedContainerd

FIXTURES = Path(__file__).parents[3] / "fixtures" / "wasmedge"
WHERE = ("wasmedge", "power")


@contextmanager
def watching(containerd: ScriptedContainerd, **settings: object) -> Iterator[Collector]:
    section = {"socket": str(containerd.socket), "cgroup_root": str(FIXTURES / "v2"), **settings}
    collector = WASMEDGE.prepare(Section(section))(Clock())
    collector.start()
    try:
        until(lambda: containerd.subscribers > 0 and collector.collect().up[ONLY])
        yield collector
    finally:
        collector.stop()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def values(collector: Collector, metric: Metric) -> dict[tuple[str, ...], float]:
    """By labels; of a histogram the sums."""
    for family in collector.collect().samples.families()[0]:
        if family.name == metric.name.removesuffix("_total"):
            wanted = (metric.name, f"{metric.name}_sum")
            return {tuple(one.labels.values()): one.value for one in family.samples if one.name in wanted}
    return {}


def unmeasured(collector: Collector) -> dict[tuple[str, ...], float]:
    return {labels: value for labels, value in values(collector, names.STARTS_UNMEASURED).items() if value}


def start(containerd: ScriptedContainerd) -> None:
    """A sandbox and a container in it, from nothing to running."""
    containerd.add("s1")
    containerd.add("c1", sandbox="s1")
    for topic, container, at in (
        ("/containers/create", "s1", 0),
        ("/tasks/create", "s1", 40),
        ("/tasks/start", "s1", 50),
        ("/containers/create", "c1", 80),
        ("/tasks/create", "c1", 120),
        ("/tasks/start", "c1", 126),
    ):
        containerd.send(topic, container, at)
    containerd.running.update(s1=1, c1=2)


def test_the_stages_of_a_start_are_what_the_time_stamps_say(containerd: ScriptedContainerd) -> None:
    with watching(containerd) as collector:
        start(containerd)
        until(lambda: values(collector, names.STARTS) == {WHERE: 1})

        assert values(collector, names.START_DURATION) == pytest.approx(
            {
                ("create_to_start", *WHERE): 0.006,
                ("container_to_start", *WHERE): 0.046,
                ("pod_to_start", *WHERE): 0.126,
                ("sandbox", *WHERE): 0.050,
            }
        )
        assert values(collector, names.RUNNING) == {WHERE: 1}, "the sandbox is none"


def test_only_the_topics_that_are_read_are_asked_for_in_the_pods_namespace(containerd: ScriptedContainerd) -> None:
    with watching(containerd):
        assert len(containerd.filters) == 6
        assert all(one.startswith('namespace=="k8s.io",topic=="/') for one in containerd.filters)


def test_the_second_container_of_a_pod_does_not_count_the_pod_again(containerd: ScriptedContainerd) -> None:
    with watching(containerd) as collector:
        start(containerd)
        containerd.add("c2", sandbox="s1")
        containerd.send("/tasks/create", "c2", 900)
        containerd.send("/tasks/start", "c2", 904)
        until(lambda: values(collector, names.STARTS) == {WHERE: 2})
        durations = values(collector, names.START_DURATION)

    assert durations["create_to_start", *WHERE] == pytest.approx(0.010)
    assert durations["pod_to_start", *WHERE] == pytest.approx(0.126)


@pytest.mark.parametrize(
    ("created", "started", "reason"), [(100, 94, "negative"), (0, 301_000, "absurd"), (None, 5, "no_create")]
)
def test_a_time_that_cannot_be_is_counted_and_not_measured(
    containerd: ScriptedContainerd,
    monkeypatch: pytest.MonkeyPatch,
    created: float | None,
    started: float,
    reason: str,
) -> None:
    monkeypatch.setattr(watch, "_LATE", 0.5)
    with watching(containerd) as collector:
        containerd.add("s1")
        containerd.add("c1", sandbox="s1")
        if created is not None:
            containerd.send("/tasks/create", "c1", created)
        containerd.send("/tasks/start", "c1", started)
        until(lambda: values(collector, names.STARTS) == {WHERE: 1})

        assert unmeasured(collector) == {("create_to_start", reason): 1}
        assert values(collector, names.START_DURATION) == {}


def test_a_create_event_that_comes_after_its_start_is_waited_for(containerd: ScriptedContainerd) -> None:
    with watching(containerd) as collector:
        containerd.add("s1")
        containerd.add("c1", sandbox="s1")
        containerd.send("/tasks/start", "c1", 8)
        containerd.send("/tasks/create", "c1", 1)
        until(lambda: values(collector, names.STARTS) == {WHERE: 1})

        assert values(collector, names.START_DURATION) == pytest.approx({("create_to_start", *WHERE): 0.007})
        assert unmeasured(collector) == {}


def test_events_that_come_twice_count_once(containerd: ScriptedContainerd) -> None:
    with watching(containerd) as collector:
        start(containerd)
        for _ in range(2):
            containerd.send("/tasks/exit", "c1", 500, status=137)
        containerd.send("/tasks/exit", "s1", 600)
        until(lambda: values(collector, names.EVENTS)[("/tasks/exit",)] == 3)

        assert values(collector, names.STARTS) == {WHERE: 1}
        assert values(collector, names.EXITS)[*WHERE, "signal"] == 1
        assert values(collector, names.RUNNING) == {}


def test_what_started_in_a_gap_is_a_start_of_unknown_duration_and_what_ended_an_unknown_end(
    containerd: ScriptedContainerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_SETTLE", 0.3)
    with watching(containerd) as collector:
        start(containerd)
        until(lambda: values(collector, names.RUNNING) == {WHERE: 1})
        containerd.break_streams()
        until(lambda: values(collector, names.GAPS) == {(): 1})
        assert not collector.collect().up[ONLY]

        containerd.add("c2", sandbox="s1")
        containerd.running.update(c2=3)
        del containerd.running["c1"]

        until(lambda: unmeasured(collector) == {("create_to_start", "gap"): 1})
        until(lambda: values(collector, names.EXITS)[*WHERE, "unknown"] == 1)
        assert values(collector, names.STARTS) == {WHERE: 2}
        assert values(collector, names.RECONNECTS) == {(): 1}
        assert values(collector, names.GAP_SECONDS)[()] > 0
        assert values(collector, names.START_DURATION)["create_to_start", *WHERE] == pytest.approx(0.006)


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 4096])
def test_a_peer_that_is_silent_or_speaks_something_else_is_down_and_tried_again(
    says: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "_TIMEOUT", 0.2)
    with tempfile.TemporaryDirectory(prefix="gridobs-") as folder, closing(socket.socket(socket.AF_UNIX)) as peer:
        path = Path(folder) / "s.sock"
        peer.bind(str(path))
        peer.listen()
        taken: list[socket.socket] = []

        def serve() -> None:
            with suppress(OSError):
                while True:
                    taken.append(peer.accept()[0])
                    taken[-1].sendall(says)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        collector = WASMEDGE.prepare(Section({"socket": str(path)}))(Clock())
        collector.start()
        until(lambda: values(collector, names.CONNECT_FAILURES)[()] >= 2)
        reading = collector.collect()
        collector.stop()
        for one in taken:
            one.close()
        peer.shutdown(socket.SHUT_RDWR)
        thread.join(5)

    assert (reading.up[ONLY], reading.complete) == (False, False)


def test_what_ran_before_the_exporter_is_no_start(containerd: ScriptedContainerd) -> None:
    containerd.add("s1")
    containerd.add("c1", sandbox="s1")
    containerd.running.update(s1=1, c1=2)
    with watching(containerd) as collector:
        until(lambda: values(collector, names.RUNNING) == {WHERE: 1})

        assert values(collector, names.STARTS) == {}
        assert unmeasured(collector) == {}
        assert values(collector, names.CPU) == {("power", "meter-0", "app"): 12.5}


def test_what_is_gone_before_it_can_be_asked_for_and_what_makes_no_sense_is_counted(
    containerd: ScriptedContainerd,
) -> None:
    with watching(containerd) as collector:
        containerd.add("bad")
        containerd.containers["bad"].spec.value = b"{"
        containerd.send("/tasks/start", "gone", 1)
        containerd.send("/tasks/start", "bad", 1)
        containerd.send("/tasks/start", "x", 1, payload=b"\xff\xff")
        until(lambda: values(collector, names.UNPARSEABLE)[("event",)] == 1)

        assert values(collector, names.UNIDENTIFIED) == {(): 1}
        assert values(collector, names.UNPARSEABLE)[("spec",)] == 1
        assert collector.collect().up[ONLY]


def test_a_container_of_another_handler_is_not_counted_and_crun_s_is_by_its_annotation(
    containerd: ScriptedContainerd,
) -> None:
    with watching(containerd) as collector:
        containerd.add("s1", handler="crun")
        containerd.add("plain", sandbox="s1", handler="crun")
        containerd.add("module", sandbox="s1", handler="crun", **{"run.oci.handler": "wasm"})
        for name in ("plain", "module"):
            containerd.send("/tasks/create", name, 1)
            containerd.send("/tasks/start", name, 5)
        containerd.send("/tasks/oom", "plain", 6)
        containerd.send("/tasks/oom", "module", 6)
        until(lambda: values(collector, names.OOM_EVENTS) == {("crun", "power"): 1})

        assert values(collector, names.STARTS) == {("crun", "power"): 1}


def test_more_containers_than_there_is_room_for_are_omitted_and_said(containerd: ScriptedContainerd) -> None:
    with watching(containerd, max_pods=1) as collector:
        start(containerd)
        containerd.add("c2", sandbox="s1")
        containerd.send("/tasks/create", "c2", 1)
        containerd.send("/tasks/start", "c2", 5)
        until(lambda: values(collector, names.OMITTED) == {(): 1})

        assert not collector.collect().complete

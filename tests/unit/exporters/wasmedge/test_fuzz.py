"""No parser lets an exception out that it does not announce."""

from __future__ import annotations

import json
from contextlib import suppress

from gridobs_exporters.wasmedge import cgroups, crilog, events
from gridobs_exporters.wasmedge.identity import Record, identify, log_below, sandbox_id
from gridobs_exporters.wasmedge.poll import describe
from gridobs_exporters.wasmedge.starts import Starts
from gridobs_exporters.wasmedge.statistics import Statistics
from gridobs_exporters.wasmedge.wire import cri_pb2, events_service_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

REPEATABLE = settings(derandomize=True, database=None, deadline=None)
KEYS = (
    "annotations", "process", "args", "linux", "cgroupsPath", "Metadata", "RuntimeHandler", "LogPath",
    "run.oci.handler", "module.wasm.image/variant", "runtimeSpec", "pid", "runtimeType",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=20,
)
BYTES = JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)
LINE = st.sampled_from(
    ["[info] ====  Statistics  ====", "[info] ==   End   ==", "[info]  Gas costs: 1", "[error] Cost exceeded limit"]
) | st.text(max_size=80)
STAMPED = st.builds(
    "{}-{}-{}T{}:{}:{}{} stdout {} {}".format,
    *[st.from_regex(r"[0-9]{4}", fullmatch=True), *[st.from_regex(r"[0-9]{2}", fullmatch=True)] * 5],
    st.sampled_from(["Z", ".5Z", ".1234567891Z", "+99:99", "-00:30", ""]),
    st.sampled_from("FPX"),
    st.text(max_size=9),
)


@REPEATABLE
@given(spec=BYTES, metadata=BYTES, handler=st.none() | st.text(max_size=9))
def test_a_specification_is_a_workload_or_a_value_error(spec: bytes, metadata: bytes, handler: str | None) -> None:
    record = Record(id="c", runtime="r", spec=spec, metadata=metadata, sandbox_handler=handler)
    with suppress(ValueError):
        sandbox_id(record)
        identify(record, wasm_handlers={"wasmedge"})


@REPEATABLE
@given(info=BYTES, path=st.text())
def test_what_cri_tells_is_a_workload_or_a_value_error(info: bytes, path: str) -> None:
    answer = cri_pb2.ContainerStatusResponse()
    answer.info["info"] = info.decode("utf-8", "replace")
    with suppress(ValueError):
        describe(cri_pb2.Container(id="c"), cri_pb2.PodSandbox(), answer, wasm_handlers=())
    log_below(path)


@REPEATABLE
@given(
    topic=st.sampled_from([*events.TOPICS, "/other", ""]),
    payload=st.binary(max_size=60),
    seconds=st.integers(-(2**63), 2**63 - 1),
    nanos=st.integers(-(2**31), 2**31 - 1),
)
def test_an_envelope_is_an_event_none_or_a_value_error(topic: str, payload: bytes, seconds: int, nanos: int) -> None:
    envelope = events_service_pb2.Envelope(topic=topic)
    envelope.timestamp.seconds, envelope.timestamp.nanos = seconds, nanos
    envelope.event.value = payload
    with suppress(ValueError):
        event = events.decode(envelope)
        assert event is None or event.container


@REPEATABLE
@given(line=st.binary(max_size=120) | STAMPED.map(str.encode))
def test_a_log_line_is_a_line_or_a_value_error(line: bytes) -> None:
    with suppress(ValueError):
        crilog.parse(line)


@REPEATABLE
@given(lines=st.lists(LINE, max_size=12))
def test_statistics_take_any_lines(lines: list[str]) -> None:
    statistics = Statistics()
    for line in lines:
        list(statistics.read(line))


@REPEATABLE
@given(text=st.text(), path=st.text())
def test_cgroup_files_and_paths_take_any_text(text: str, path: str) -> None:
    cgroups.number(text)
    assert all(value >= 0 for value in cgroups.keyed(text).values())
    assert all(".." not in place.split("/") for place in cgroups.of_process(text).values())
    assert ".." not in cgroups.location(path).split("/")


@REPEATABLE
@given(
    stamps=st.lists(
        st.tuples(st.sampled_from(["recorded", "created", "started"]), st.sampled_from("abs"), st.integers())
    )
)
def test_every_stage_of_a_start_is_either_measured_and_not_negative_or_unmeasured(
    stamps: list[tuple[str, str, int]],
) -> None:
    starts = Starts()
    for what, container, at in stamps:
        getattr(starts, what)(container, at)
    start = starts.measure("a", "s")

    assert ("create_to_start" in start.stages) != ("create_to_start" in start.unmeasured)
    assert all(seconds >= 0 for seconds in start.stages.values())

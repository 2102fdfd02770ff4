"""Following logs as CRI writes them and the kubelet rotates them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from gridobs_exporters.metric import Metric, Samples
from gridobs_exporters.names import wasmedge as names
from gridobs_exporters.wasmedge.crilog import Joiner, LogLine, Tail, parse
from gridobs_exporters.wasmedge.identity import Workload
from gridobs_exporters.wasmedge.logs import Logs
from gridobs_exporters.wasmedge.tally import Tally

FIXTURE = Path(__file__).parents[3] / "fixtures" / "wasmedge" / "power_meter-0_u" / "app" / "0.log"
NOON = 1_700_000_000 * 10**9
WHERE = ("wasmedge", "power")
WORKLOAD = Workload(
    id="c1",
    sandbox=False,
    sandbox_id="s1",
    wasm=True,
    handler="wasmedge",
    namespace="power",
    pod="meter-0",
    container="app",
    cgroups_path="",
    log="power_meter-0_u/app/0.log",
)


def value(tally: Tally, metric: Metric, *labels: str) -> float | None:
    samples = Samples()
    tally.add_to(samples)
    for family in samples.families()[0]:
        for one in family.samples:
            if one.name in (metric.name, f"{metric.name}_sum") and tuple(one.labels.values()) == labels:
                return one.value
    return None


@pytest.mark.parametrize(
    ("line", "at"),
    [
        (b"2023-11-14T22:13:20.000000005Z stdout F hello", NOON + 5),
        (b"2023-11-14T22:13:20Z stderr P hello", NOON),
        (b"2023-11-14T23:13:20.5+01:00 stdout F:tag hello", NOON + 500_000_000),
    ],
)
def test_a_line_has_its_time_to_the_nanosecond(line: bytes, at: int) -> None:
    assert (parse(line).at, parse(line).text) == (at, "hello")


@pytest.mark.parametrize(
    "line",
    [b"", b"hello", b"2023-11-14T22:13:20Z stdout X a", b"2023-13-14T22:13:20Z stdout F a", b"\xff\xfe stdout F a"],
)
def test_what_is_no_line_of_cri_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"not a CRI log line|no such time"):
        parse(line)


def test_parts_of_a_long_line_are_put_together_a_stream_at_a_time() -> None:
    joiner = Joiner()
    lines = [("stdout", False, "a"), ("stderr", True, "x"), ("stdout", False, "b"), ("stdout", True, "c")]
    found = [
        text
        for stream, whole, text in lines
        for text in joiner.join(LogLine(at=0, stream=stream, whole=whole, text=text))
    ]

    assert found == ["x", "abc"]


def test_a_log_is_read_on_across_a_rotation(tmp_path: Path) -> None:
    path = tmp_path / "0.log"
    path.write_bytes(b"one\ntw")
    tail = Tail(path, from_start=True)
    assert tail.read() == [b"one"]

    with path.open("ab") as old:
        old.write(b"o\n")
        path.rename(tmp_path / "0.log.20261123-033100")
        old.write(b"three\n")
    path.write_bytes(b"four\n")

    assert [line for _ in range(3) for line in tail.read()] == [b"two", b"three", b"four"]
    tail.close()


def test_of_a_log_that_was_there_before_only_what_comes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "0.log"
    path.write_bytes(b"old\n")
    tail = Tail(path, from_start=False)
    assert tail.read() == []
    with path.open("ab") as log:
        log.write(b"new\n")

    assert tail.read() == [b"new"]
    tail.close()


def test_a_log_that_is_cut_short_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "0.log"
    path.write_bytes(b"long enough\n")
    tail = Tail(path, from_start=True)
    tail.read()
    path.write_bytes(b"new\n")

    assert tail.read() == [b"new"]
    tail.close()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret\n")
    (tmp_path / "0.log").symlink_to(tmp_path / "secret")

    assert Tail(tmp_path / "0.log", from_start=True).read() == []


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "0.log"
    path.write_bytes(b"x" * 2**20)
    tail = Tail(path, from_start=True)
    for _ in range(5):
        tail.read()
    with path.open("ab") as log:
        log.write(b"\nnext\n")

    assert [len(line) for line in tail.read()] == [16384, 4]
    tail.close()


def followed(tmp_path: Path, *, started: int | None) -> Tally:
    tally = Tally(polled=False)
    log = tmp_path / WORKLOAD.log
    log.parent.mkdir(parents=True)
    log.write_bytes(FIXTURE.read_bytes())
    logs = Logs(tmp_path, most=10, tally=tally)
    logs.follow(WORKLOAD, started=started, from_start=True)
    logs.read()
    logs.leave(WORKLOAD.id)
    return tally


def test_statistics_in_a_log_are_counted(tmp_path: Path) -> None:
    tally = followed(tmp_path, started=None)

    assert value(tally, names.EXECUTIONS, *WHERE) == 1
    assert value(tally, names.EXECUTION_DURATION, *WHERE) == pytest.approx(0.0042)
    assert value(tally, names.WASM_SECONDS, *WHERE) == pytest.approx(0.004)
    assert value(tally, names.HOST_SECONDS, *WHERE) == pytest.approx(0.0002)
    assert value(tally, names.INSTRUCTIONS, *WHERE) == 150000
    assert value(tally, names.GAS, *WHERE) == 170000
    assert value(tally, names.COST_EXCEEDED, *WHERE) == 1
    assert value(tally, names.UNPARSEABLE, "log") == value(tally, names.UNPARSEABLE, "statistics") == 0
    assert value(tally, names.START_DURATION, "start_to_ready", *WHERE) is None


@pytest.mark.parametrize(("before", "seconds"), [(7_000_000, 0.007), (-3_000_000, 0.0)])
def test_the_first_line_says_ready_also_if_it_came_before_the_start_was_told(
    tmp_path: Path, before: int, seconds: float
) -> None:
    first = parse(FIXTURE.read_bytes().splitlines()[0]).at
    tally = followed(tmp_path, started=first - before)

    assert value(tally, names.START_DURATION, "start_to_ready", *WHERE) == pytest.approx(seconds)


def test_a_first_line_from_long_before_the_start_is_a_clock_and_no_readiness(tmp_path: Path) -> None:
    first = parse(FIXTURE.read_bytes().splitlines()[0]).at
    tally = followed(tmp_path, started=first + 2 * 10**9)

    assert value(tally, names.START_DURATION, "start_to_ready", *WHERE) is None
    assert value(tally, names.STARTS_UNMEASURED, "start_to_ready", "negative") == 1


def test_no_more_than_ten_namespaces_are_told_apart() -> None:
    tally = Tally(polled=False)
    labels = [tally.labels(replace(WORKLOAD, namespace=f"n{number}")) for number in range(12)]

    assert [namespace for _, namespace in labels] == [*(f"n{number}" for number in range(10)), "other", "other"]
    assert tally.labels(replace(WORKLOAD, namespace="n3")) == ("wasmedge", "n3")

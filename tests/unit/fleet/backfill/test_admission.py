from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridobs import conventions as names
from gridobs.fleet.backfill import answer
from gridobs.fleet.backfill.admission import Admission
from gridobs.fleet.backfill.faults import Drop, Reason, SiteFault
from gridobs.fleet.backfill.holes import Span
from gridobs.fleet.egress.model import Egress, ExportedSeries
from gridobs.fleet.model import Site

if TYPE_CHECKING:
    from collections.abc import Sequence

RATIO = "site:thing:ratio"
START = 1_700_000_000
ALL = Span(after=(START - 1) * 1000, before=(START + 900) * 1000)
LABELS = (("__name__", RATIO), ("region", "north"), ("site", "sub-0001"), ("slo", "a"))


def matrix(*rows: tuple[dict[str, str], Sequence[tuple[float, str]]]) -> bytes:
    result = [{"metric": metric, "values": values} for metric, values in rows]
    content = {"status": "success", "data": {"resultType": "matrix", "result": result}}
    return json.dumps(content, separators=(",", ":")).encode()  # as Prometheus writes it


def ratio(**labels: str) -> dict[str, str]:
    return {"__name__": RATIO, "slo": "a"} | labels


def points(count: int = 3, value: str = "0.5") -> list[tuple[float, str]]:
    return [(START + 30 * at + 0.25, value) for at in range(count)]


def test_a_series_is_written_with_its_labels_and_those_of_the_inventory(egress: Egress, site: Site) -> None:
    rows = answer.read(matrix((ratio(), [(START + 0.25, "0.1"), (START + 30.25, "-Inf"), (START + 60.25, "+Inf")])))

    admitted = Admission(egress).admit(rows, site=site, span=ALL)

    (one,) = admitted.series
    assert one.labels == LABELS
    assert one.times == (START * 1000 + 250, START * 1000 + 30_250, START * 1000 + 60_250)
    assert one.values == (0.1, -math.inf, math.inf)
    assert not admitted.dropped


def test_only_samples_within_the_span_are_written(egress: Egress, site: Site) -> None:
    rows = answer.read(matrix((ratio(), points(5))))
    times = [START * 1000 + 30_000 * at + 250 for at in range(5)]

    admitted = Admission(egress).admit(rows, site=site, span=Span(after=times[0], before=times[3]))

    assert admitted.series[0].times == (times[1], times[2])
    assert Admission(egress).admit(rows, site=site, span=Span(after=1, before=2)).series == ()


def test_the_reference_is_written_last(egress: Egress, site: Site) -> None:
    rows = answer.read(matrix(({"__name__": names.SITE_HEARTBEAT}, points()), (ratio(), points())))

    admitted = Admission(egress).admit(rows, site=site, span=ALL)

    assert [dict(one.labels)["__name__"] for one in admitted.series] == [RATIO, names.SITE_HEARTBEAT]
    assert admitted.reference == admitted.series[-1].times


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ({"__name__": "iot_meter_watts"}, Drop.NAME),
        ({"site": "sub-0002"}, Drop.IDENTITY),
        ({"meter": "4711"}, Drop.LABELS),
        ({"slo": "x" * 2000}, Drop.LABELS),
    ],
)
def test_what_may_not_leave_is_left_out_and_counted(
    labels: dict[str, str], why: Drop, egress: Egress, site: Site
) -> None:
    rows = answer.read(matrix((ratio(**labels), points()), (ratio(slo="b"), points())))

    admitted = Admission(egress).admit(rows, site=site, span=ALL)

    assert [dict(one.labels)["slo"] for one in admitted.series] == ["b"]
    assert admitted.dropped == {why: 1}


def test_what_a_site_says_it_is_stands_where_a_pull_puts_it(site: Site) -> None:
    """Else there would be two series where there was one."""
    info = ExportedSeries(name=names.SITE_INFO, labels=(), bound=1, interval=30, source="site-info.yaml")
    rows = answer.read(matrix(({"__name__": names.SITE_INFO, "site": "sub-0001", "region": "north"}, points())))

    (one,) = Admission(Egress(series=(info,))).admit(rows, site=site, span=ALL).series

    assert dict(one.labels) == {
        "__name__": names.SITE_INFO, "claimed_site": "sub-0001", "region": "north", "site": "sub-0001",
    }  # fmt: skip


def test_labels_of_the_target_are_dropped_as_in_a_pull(egress: Egress, site: Site) -> None:
    rows = answer.read(matrix((ratio(job="x", instance="y", site="sub-0001", region="south"), points())))

    assert Admission(egress).admit(rows, site=site, span=ALL).series[0].labels == LABELS


def test_a_series_is_taken_once_and_only_in_the_order_of_its_times(egress: Egress, site: Site) -> None:
    rows = answer.read(
        matrix((ratio(), points()), (ratio(job="x"), points()), (ratio(slo="b"), [*reversed(points())]))
    )

    admitted = Admission(egress).admit(rows, site=site, span=ALL)

    assert len(admitted.series) == 1
    assert admitted.dropped == {Drop.DUPLICATE: 1, Drop.ORDER: 1}


@pytest.mark.parametrize(
    "body",
    [
        matrix(*((ratio(slo=f"{number}"), points()) for number in range(4))),
        matrix((ratio(), points(33))),
    ],
    ids=["series", "samples"],
)
def test_more_than_the_rules_can_give_is_refused_as_a_whole(body: bytes, egress: Egress, site: Site) -> None:
    with pytest.raises(SiteFault, match=r"more than 3 series|at most 32") as fault:
        Admission(egress).admit(answer.read(body), site=site, span=ALL)

    assert fault.value.reason is Reason.FLOOD


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"\xff\xfe",
        b'{"status":"success"}',
        b'{"status":"success","data":{"resultType":"vector","result":[]}}',
        b'{"status":"error","data":{"resultType":"matrix","result":[]}}',
        matrix((ratio(), [(START, "half")])),
        b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":1},"values":[]}]}}',
        b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"1",2]]}]}}',
        b'{"a":' * 100_000,
    ],
)
def test_garbage_is_said_to_be(body: bytes) -> None:
    with pytest.raises(SiteFault) as fault:
        answer.read(body)

    assert fault.value.reason is Reason.GARBAGE
    assert len(str(fault.value)) < 300


def test_a_time_that_is_no_number_is_garbage(egress: Egress, site: Site) -> None:
    rows = answer.read(matrix((ratio(), [(START, "1")])).replace(str(START).encode(), b'"NaN"'))

    with pytest.raises(SiteFault, match="time is no number"):
        Admission(egress).admit(rows, site=site, span=ALL)


@given(value=st.floats())
def test_a_value_is_what_prometheus_wrote(value: float) -> None:
    text = "NaN" if math.isnan(value) else {math.inf: "+Inf", -math.inf: "-Inf"}.get(value, repr(value))

    read = answer.read(matrix((ratio(), [(START, text)])))[0].values[0][1]

    assert read == value or (math.isnan(read) and math.isnan(value))


@given(
    rows=st.lists(st.tuples(st.dictionaries(st.text(max_size=5), st.text(max_size=5)), st.just(points())), max_size=9)
)
def test_whatever_a_site_says_it_writes_as_itself(
    rows: list[tuple[dict[str, str], list[tuple[float, str]]]],
) -> None:
    site = Site(id="sub-0001", region="north", address="sub-0001.example:9443")
    egress = Egress(series=(ExportedSeries(name=RATIO, labels=("slo",), bound=9, interval=30, source="x"),))
    try:
        read = answer.read(matrix(*((labels | {"__name__": RATIO}, values) for labels, values in rows)))
    except SiteFault:
        return
    for one in Admission(egress).admit(read, site=site, span=ALL).series:
        labels = dict(one.labels)
        assert (labels["site"], labels["region"], labels["__name__"]) == ("sub-0001", "north", RATIO)
        assert set(labels) <= {"site", "region", "__name__", "slo"}

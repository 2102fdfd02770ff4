"""The tables of brokers whose statistics are a Prometheus page, against pages in the form those brokers write."""

from __future__ import annotations

import re

import pytest
from gridobs_exporters.metric import Kind
from gridobs_exporters.mqtt.kind import TABLES
from gridobs_exporters.mqtt.tables import mosquitto
from gridobs_exporters.mqtt.tables.page import Fold, Row, Source, Table
from gridobs_exporters.names import metrics_of
from gridobs_exporters.names import mqtt as names
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.exporters.mqtt.standin import FIXTURES

EVERY_ROW = [pytest.param(row, id=f"{kind}-{row.sources[0].name}") for kind in TABLES for row in TABLES[kind].rows]
METERS = Table(example="", rows=[Row(metric=names.SESSIONS, plus=[Source("a")], minus=[Source("b")], cite="")])


def read(kind: str, page: bytes | None = None) -> dict[str, float]:
    """What the table makes of a page (the fixture's, if none is given), by name and labels after the broker."""
    table = TABLES[kind.partition("-")[0]]
    page = (FIXTURES / f"{kind}.prom").read_bytes() if page is None else page
    values, _ = table.read(table.choose([page]))
    return {"/".join((metric.name.removeprefix("gridobs_mqtt_"), *labels)): value for metric, labels, value in values}


def test_emqx_is_read_as_it_names_things() -> None:
    values = read("emqx")

    assert values["publish_messages_dropped_total"] == 30, "what did not fit the queue, of any QoS"
    assert values["drops_total/no_subscribers"] == 300
    assert values["drops_total/pubrel_timeout"] == 1
    assert values["clients_connected"] == 9, "not those whose session waits for them"
    assert values["authorization_denials_total"] == 8
    assert values["cluster_nodes/running"] == 1


def test_nan_is_no_value_and_no_0() -> None:
    assert "drops_total/expired" not in read("emqx")
    assert read("emqx-cluster")["publish_messages_received_total"] == 8050
    assert "messages_received_total" not in read("emqx-cluster"), "one node of two knows none"


def test_nodes_of_a_cluster_are_added_up_and_what_they_agree_on_is_not() -> None:
    values = read("emqx-cluster")

    assert values["clients_connected"] == 13
    assert values["topics"] == 7
    assert values["cluster_nodes/stopped"] == 1
    assert values["broker_uptime_seconds"] == 60.5, "of the youngest node, so that a restart is seen"


def test_nanomq_counts_what_nobody_subscribed_to_and_wraps_around() -> None:
    values = read("nanomq")

    assert values["drops_total/no_subscribers"] == 7
    assert "publish_messages_dropped_total" not in values
    assert "publish_messages_sent_total" not in values, "negative past 2^31"
    assert values["publish_messages_received_total"] == 120


def test_vernemq_counts_both_versions_of_the_protocol() -> None:
    values = read("vernemq")

    assert values["publish_messages_received_total"] == 1000
    assert values["authentication_failures_total"] == 6
    assert values["authorization_denials_total"] == 7
    assert values["clients_connected"] == 12, "opened less closed"
    assert values["broker_uptime_seconds"] == 3600.5


def test_hivemq_counters_come_as_gauges() -> None:
    values = read("hivemq")

    assert values["publish_messages_dropped_total"] == 9
    assert values["drops_total/too_large"] == 2
    assert values["subscriptions"] == 25


@pytest.mark.parametrize("kind", TABLES)
def test_every_source_of_a_table_is_in_its_page(kind: str) -> None:
    """Or in that of a later version, which the cluster's page is."""
    pages = "".join(path.read_text() for path in FIXTURES.glob(f"{kind}*.prom"))
    named = set(re.findall(r"^([a-z]\w*)[{ ]", pages, re.MULTILINE))

    assert {source.name for row in TABLES[kind].rows for source in row.sources} <= named


@pytest.mark.parametrize("row", EVERY_ROW)
def test_every_row_says_where_it_comes_from_and_has_its_labels(row: Row) -> None:
    assert row.cite
    assert len(row.metric.labels) == 1 + len(row.labels)
    assert row.metric.labels[0] == "broker"
    assert row.metric in metrics_of(names)
    assert not row.minus or row.metric.kind is Kind.GAUGE


@pytest.mark.parametrize("kind", TABLES)
def test_no_series_has_two_rows(kind: str) -> None:
    children = [(row.metric.name, row.labels) for row in TABLES[kind].rows]

    assert len(children) == len(set(children))


def test_what_every_broker_says_has_the_same_name() -> None:
    """Dashboards and rules read these of any broker."""
    of_all = [
        {row.metric for row in mosquitto.ROWS},
        *({row.metric for row in table.rows} for table in TABLES.values()),
    ]

    assert set.intersection(*of_all) == {names.CLIENTS_CONNECTED, names.PUBLISH_RECEIVED, names.PUBLISH_SENT}


def test_a_difference_lacks_when_a_part_lacks_or_it_is_negative() -> None:
    assert METERS.read([b"a 5", b"b 3"])[0] == [(names.SESSIONS, (), 2)]
    for lines in ([b"a 5"], [b"b 3"], [b"a 3", b"b 5"], [b"a 5", b"b NaN"], [b"a +Inf", b"b 1"]):
        assert METERS.read(lines)[0] == [], lines


def test_a_line_that_is_none_is_counted_and_costs_only_itself() -> None:
    assert METERS.read([b"a 5", b"b 3", b'a{node="x 7', b"b three"]) == ([(names.SESSIONS, (), 2)], 2)


def test_a_series_given_twice_counts_once() -> None:
    assert METERS.read([b'a{n="1"} 5', b'a{n="1"} 6', b"b 0"])[0] == [(names.SESSIONS, (), 6)]


@pytest.mark.parametrize(("fold", "value"), [(Fold.SUM, 9), (Fold.LEAST, 4), (Fold.MOST, 5)])
def test_samples_of_one_series_become_one_value(fold: Fold, value: float) -> None:
    assert fold.over([4, 5]) == value


SOURCES = sorted({source.name for table in TABLES.values() for row in table.rows for source in row.sources})
SAMPLE = st.builds(
    lambda name, labels, value, end: f"{name}{labels} {value}{end}".encode("utf-8", "surrogatepass"),
    st.sampled_from(SOURCES),
    st.sampled_from(["", '{node="a"}', '{mqtt_version="4",return_code="success"}', "{", '{a="\\', '{a="b"} {']),
    st.floats().map(str) | st.sampled_from(["NaN", "-1", "1e400", "0x1", "", "1 2 3", "nine"]) | st.text(max_size=9),
    st.sampled_from(["\n", "\r\n", "", "\n\n"]),
)


@settings(derandomize=True, database=None, deadline=None)
@given(
    kind=st.sampled_from(sorted(TABLES)),
    chunks=st.lists(SAMPLE | st.binary(max_size=50), max_size=20),
)
def test_no_page_raises_and_every_value_is_finite_and_not_negative(kind: str, chunks: list[bytes]) -> None:
    table = TABLES[kind]
    values, bad = table.read(table.choose(chunks))

    assert bad >= 0
    assert all(0 <= value < float("inf") for _, _, value in values)
    assert len(values) <= len(table.rows)


@settings(derandomize=True, database=None, deadline=None)
@given(kind=st.sampled_from(["emqx", "nanomq", "hivemq"]), cut=st.integers(0, 6000))
def test_a_page_that_ends_early_gives_fewer_values_and_no_other_ones(kind: str, cut: int) -> None:
    part = (FIXTURES / f"{kind}.prom").read_bytes()[:cut]

    assert read(kind, part[: part.rfind(b"\n") + 1]).items() <= read(kind).items()

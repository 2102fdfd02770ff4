"""What is believed of a broker, and for how long. Payloads are those of Mosquitto 2.0.11."""

from __future__ import annotations

import pytest
from gridobs_exporters import metric
from gridobs_exporters.mqtt.state import MOST_BRIDGES, BrokerState
from gridobs_exporters.mqtt.tables.mosquitto import (
    BRIDGES_FILTER,
    HEARTBEAT_TOPIC,
    ROWS,
    VERSION_TOPIC,
    Kind,
    parse_version,
)
from hypothesis import given, settings
from hypothesis import strategies as st

RECEIVED = "$SYS/broker/messages/received"
INTERVAL = 10.0


@pytest.fixture(name="state")
def state_fixture() -> BrokerState:
    """Connected at 0 s."""
    state = BrokerState(sys_interval=INTERVAL)
    state.connected(monotonic=0.0)
    return state


def tell(state: BrokerState, topic: str, payload: bytes, *, at: float, retained: bool = False) -> bool:
    return state.message(topic, payload, retained=retained, wall=1000.0 + at, monotonic=at)


def values(state: BrokerState, *, at: float) -> dict[str, float] | None:
    facts = state.facts(monotonic=at)
    return None if facts is None else dict(facts.values)


def test_nothing_is_known_before_a_heartbeat(state: BrokerState) -> None:
    tell(state, RECEIVED, b"5", at=1)

    assert state.facts(monotonic=1) is None


def test_values_live_for_three_intervals_after_the_heartbeat_and_not_longer(state: BrokerState) -> None:
    """A topic that does not change is not sent again: only the heartbeat tells."""
    tell(state, RECEIVED, b"5", at=1)
    tell(state, HEARTBEAT_TOPIC, b"60 seconds", at=2)

    assert values(state, at=32) == {RECEIVED: 5, HEARTBEAT_TOPIC: 60}
    assert values(state, at=32.01) is None
    assert state.is_silent(monotonic=32.01)


def test_a_lost_connection_takes_everything_with_it(state: BrokerState) -> None:
    tell(state, HEARTBEAT_TOPIC, b"60 seconds", at=2)
    state.disconnected()

    assert state.facts(monotonic=2) is None
    assert not state.is_silent(monotonic=99)
    assert state.last_heartbeat_wall == 1002


def test_a_new_connection_believes_nothing_of_the_one_before(state: BrokerState) -> None:
    tell(state, RECEIVED, b"5", at=1)
    state.disconnected()
    state.connected(monotonic=3)
    tell(state, HEARTBEAT_TOPIC, b"1 seconds", at=4)

    assert values(state, at=4) == {HEARTBEAT_TOPIC: 1}


def test_a_retained_uptime_shows_values_but_is_no_heartbeat(state: BrokerState) -> None:
    tell(state, HEARTBEAT_TOPIC, b"60 seconds", at=1, retained=True)

    assert values(state, at=1) == {HEARTBEAT_TOPIC: 60}
    assert state.last_heartbeat_wall == 0
    assert values(state, at=31.01) is None, "no live one followed"


def test_a_falling_uptime_is_a_restart_and_voids_what_was_retained_from_before(state: BrokerState) -> None:
    tell(state, RECEIVED, b"5000", at=1, retained=True)
    tell(state, HEARTBEAT_TOPIC, b"86400 seconds", at=1, retained=True)
    tell(state, HEARTBEAT_TOPIC, b"2 seconds", at=2)

    assert values(state, at=2) == {HEARTBEAT_TOPIC: 2}


@pytest.mark.parametrize("payload", [b"", b"abc", b"-1", b"5 ", b"1e3", b"0x10", b"\xff", b"9" * 400, b"nan", b"1.5"])
def test_a_payload_that_is_no_number_is_counted_and_never_read_as_0(state: BrokerState, payload: bytes) -> None:
    tell(state, HEARTBEAT_TOPIC, b"60 seconds", at=1)
    tell(state, RECEIVED, b"5", at=1)

    assert not tell(state, RECEIVED, payload, at=2)
    assert values(state, at=2) == {HEARTBEAT_TOPIC: 60}
    assert state.unparseable == {RECEIVED: 1}


def test_a_garbled_heartbeat_is_none(state: BrokerState) -> None:
    tell(state, HEARTBEAT_TOPIC, b"soon", at=1)

    assert state.facts(monotonic=1) is None


def test_topics_that_are_not_in_the_table_are_ignored(state: BrokerState) -> None:
    assert tell(state, "$SYS/broker/clients/active", b"?", at=1)
    assert state.unparseable == {}


def test_bridges_are_bounded_and_so_is_what_is_counted_of_them(state: BrokerState) -> None:
    tell(state, HEARTBEAT_TOPIC, b"60 seconds", at=1)
    for number in range(3 * MOST_BRIDGES):
        tell(state, f"$SYS/broker/connection/b{number}/state", b"1", at=1)
        tell(state, f"$SYS/broker/connection/x{number}/state", b"perhaps", at=1)
    facts = state.facts(monotonic=1)

    assert facts
    assert len(facts.bridges) == MOST_BRIDGES
    assert state.unparseable == {BRIDGES_FILTER: 3 * MOST_BRIDGES}


def test_the_version_is_a_label_only_if_it_looks_like_one() -> None:
    assert parse_version(b"mosquitto version 2.0.11") == "2.0.11"
    for payload in (b"2.0.11", b"mosquitto version " + b"9" * 65, b'mosquitto version 2"}', b"\xff"):
        with pytest.raises(ValueError, match=VERSION_TOPIC.replace("$", r"\$")):
            parse_version(payload)


def test_every_row_names_its_series_by_what_it_is() -> None:
    for row in ROWS:
        assert row.metric.name.endswith("_total") == (row.kind is Kind.COUNTER), row
        assert (row.metric.kind is metric.Kind.COUNTER) == (row.kind is Kind.COUNTER), row
        assert row.since in {"2.0", "2.1"}
    assert len({row.metric for row in ROWS}) == len({row.topic for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize(
    ("topic", "payload", "value"),
    [
        ("uptime", b"86400 seconds", 86400),
        ("retained messages/count", b"53", 53),
        ("load/sockets/1min", b"0.98", 0.98),
        ("bytes/sent", b"18446744073709551615", 2.0**64),
    ],
)
def test_payloads_are_read_as_mosquitto_writes_them(topic: str, payload: bytes, value: float) -> None:
    row = next(row for row in ROWS if row.topic == f"$SYS/broker/{topic}")

    assert row.parse(payload) == value


@settings(derandomize=True, database=None, deadline=None)
@given(
    topic=st.sampled_from([row.topic for row in ROWS] + [VERSION_TOPIC, "$SYS/broker/connection/wan/state"])
    | st.text(max_size=30),
    payload=st.binary(max_size=40) | st.integers(-5, 2**70).map(lambda number: str(number).encode()),
    retained=st.booleans(),
)
def test_no_message_raises_and_every_value_is_finite_and_not_negative(
    topic: str, payload: bytes, *, retained: bool
) -> None:
    state = BrokerState(sys_interval=INTERVAL)
    state.connected(monotonic=0.0)
    tell(state, HEARTBEAT_TOPIC, b"60 seconds", at=1)
    read = tell(state, topic, payload, at=2, retained=retained)
    known = values(state, at=2)

    assert read or sum(state.unparseable.values()) == 1
    assert all(0 <= value < float("inf") for value in (known or {}).values())
    assert state.unparseable.keys() <= {row.topic for row in ROWS} | {VERSION_TOPIC, BRIDGES_FILTER}

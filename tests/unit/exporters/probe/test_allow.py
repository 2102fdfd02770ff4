"""Which brokers may be probed, and what is not an address at all."""

from __future__ import annotations

import pytest
from gridobs_exporters.mqtt.blackbox.allow import AllowList, parse_target
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("mqtt://broker", "mqtt://broker:1883"),
        ("mqtts://Broker.svc/", "mqtts://broker.svc:8883"),
        ("mqtt://10.0.0.7:11883", "mqtt://10.0.0.7:11883"),
        ("mqtts://[FD00::1]", "mqtts://[fd00::1]:8883"),
    ],
)
def test_an_address_is_read_with_the_port_of_its_scheme(text: str, address: str) -> None:
    assert str(parse_target(text)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "broker:1883",
        "http://broker",
        "mqtt://",
        "mqtt://:1883",
        "mqtt://broker:0",
        "mqtt://broker:65536",
        "mqtt://broker:",
        "mqtt://broker/path",
        "mqtt://broker?x",
        "mqtt://broker#x",
        "mqtt://bro ker",
        "mqtt://broker\n",
        "mqtt://broker\t:1883",
        "mqtt://*:1883",
        "mqtt://fd00::1",
        "mqtt://[fd00::1",
        "mqtt://br\u00f6ker",
        "MQTT://broker",
        "mqtt://" + "a" * 300,
    ],
)
def test_what_is_not_a_brokers_address_is_refused_with_the_cure(text: str) -> None:
    with pytest.raises(ValueError, match="write mqtt://HOST:1883"):
        parse_target(text)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="password_file") as refused:
        parse_target("mqtt://meter:sesame@broker")

    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize(
    "target",
    ["mqtts://broker-a.svc:8883", "mqtts://broker-.svc", "mqtt://site:1883", "mqtts://BROKER-B.SVC", "mqtt://[::1]"],
)
def test_what_is_on_the_list_is_allowed(target: str) -> None:
    allowed = AllowList(["mqtts://broker-*.svc:8883", "mqtt://site", "mqtt://[::1]:1883"])

    assert allowed.allows(parse_target(target))


@pytest.mark.parametrize(
    "target",
    [
        "mqtt://broker-a.svc:8883",  # another scheme
        "mqtts://broker-a.svc:8884",  # another port
        "mqtts://broker-a.b.svc:8883",  # the star does not stand for a dot
        "mqtts://broker-a.svc.evil.example:8883",
        "mqtts://xbroker-a.svc:8883",
        "mqtts://broker-axsvc:8883",  # nor a dot for any character
        "mqtt://169.254.169.254:1883",
    ],
)
def test_what_is_not_on_the_list_is_not(target: str) -> None:
    allowed = AllowList(["mqtts://broker-*.svc:8883", "mqtt://site"])

    assert not allowed.allows(parse_target(target))


def test_an_empty_list_allows_nothing() -> None:
    assert not AllowList([]).allows(parse_target("mqtt://broker"))


@settings(derandomize=True)
@given(st.text(max_size=60) | st.text(max_size=60).map("mqtt://{}".format))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        target = parse_target(text)
    except ValueError:
        return
    assert parse_target(str(target)) == target
    assert AllowList([str(target)]).allows(target)

"""The mqtt section of the configuration: kinds of brokers and their statistics pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.clock import Clock
from gridobs_exporters.config.document import ConfigError
from gridobs_exporters.config.section import Section
from gridobs_exporters.flags import parse
from gridobs_exporters.metric import Samples
from gridobs_exporters.mqtt.kind import MQTT, TABLES, read_broker
from gridobs_exporters.mqtt.stats_page import StatsPage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.exporters.mqtt.standin import Page

URL = "mqtt://broker:1883"


def problems(tmp_path: Path, *lines: str) -> str:
    """What is wrong with one broker of these lines."""
    path = tmp_path / "exporter.yaml"
    path.write_text("\n".join(["mqtt:", "  brokers:", f"    - url: {URL}", *(f"      {line}" for line in lines)]))
    with pytest.raises(ConfigError) as error:
        parse([f"--config.file={path}"], version="0", kinds=[MQTT])
    return str(error.value).replace(f"{path}:", "")


def asked(page: Page, **stats: str) -> str | None:
    """The Authorization a page of these settings is asked with."""
    section = Section({"url": URL, "kind": "emqx", "stats": {"url": f"{page.url}/stats", **stats}})
    settings = read_broker(section)
    assert section.problems == []
    assert settings.stats
    source = StatsPage(settings.stats, name="main", clock=Clock())
    source.connected()
    source.read_once()
    assert source.add_to(Samples(), "main")
    return page.asked[-1][1]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            ["kind: rabbitmq"],
            "4:7: 'rabbitmq' will not do: what the broker is: mosquitto, emqx, nanomq, vernemq, hivemq",
        ),
        (
            ["kind: emqx"],
            "4:7: lacks stats, the page that tells them; write below it e.g. url: http://broker:18083/api/v5",
        ),
        (["stats: {url: 'http://broker/'}"], "a Mosquitto has no statistics page"),
        (["kind: nanomq", "stats: {}"], "lacks 'url': the statistics page"),
        (
            ["kind: nanomq", "stats: {url: 'broker:8081'}"],
            "'broker:8081' is not a page's address; write e.g. http://",
        ),
        (["kind: nanomq", "stats: {url: 'http://broker:0/'}"], "is not a page's address"),
        (["kind: nanomq", "stats: {url: 'http://[::1/'}"], "is not a page's address"),
        (["kind: nanomq", "stats: {url: 'http://a:b@broker/'}"], "others can read a password here"),
        (["kind: nanomq", "stats: {url: 'http://b/', interval: 0s}"], "must be longer than 0"),
        (["kind: nanomq", "stats: {url: 'http://b/', username: admin}"], "goes with password_file; give both"),
        (["kind: nanomq", "stats: {url: 'http://b/', token_file: /none}"], "cannot read /none: No such file"),
        (
            ["kind: nanomq", "stats: {url: 'http://b/', ca_file: ca.pem}"],
            "of no use without TLS; write the url as https",
        ),
        (["kind: nanomq", "stats: {url: 'https://b/', ca_file: /none}"], "cannot use /none: No such file"),
    ],
)
def test_what_cannot_work_is_told_with_its_cure(tmp_path: Path, lines: list[str], told: str) -> None:
    assert told in problems(tmp_path, *lines)


def test_a_token_and_a_password_exclude_each_other(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s\n")
    stats = f"stats: {{url: 'http://b/', username: u, password_file: {secret}, token_file: {secret}}}"

    assert "a token stands for name and password" in problems(tmp_path, "kind: hivemq", stats)


@pytest.mark.parametrize("kind", TABLES)
def test_every_kind_has_an_address_that_can_be_given(kind: str) -> None:
    section = Section({"url": URL, "kind": kind, "stats": {"url": TABLES[kind].example}})
    settings = read_broker(section)

    assert section.problems == []
    assert settings.stats
    assert TABLES[kind].example.endswith(settings.stats.path)


def test_a_page_is_asked_without_a_name_with_one_or_with_a_token(emqx_page: Page, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("öffne\n", encoding="utf-8")

    assert asked(emqx_page) is None
    assert asked(emqx_page, username="key", password_file=str(secret)) == "Basic a2V5OsO2ZmZuZQ=="
    secret.write_text("e30.e30.c2ln\n")
    assert asked(emqx_page, token_file=str(secret)) == "Bearer e30.e30.c2ln"


def test_the_only_broker_of_flags_can_be_of_any_kind(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")
    flags = [f"--mqtt.broker={URL}", "--mqtt.kind=nanomq", "--mqtt.stats-url=http://broker:8081/api/v4/prometheus"]
    more = ["--mqtt.stats-username=admin", f"--mqtt.stats-password-file={secret}"]

    assert parse([*flags, *more], version="0", kinds=[MQTT]).collectors.keys() == {"mqtt"}

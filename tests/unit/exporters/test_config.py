"""The configuration file: what it may say, and what each fault is told with its place."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.clock import Clock
from gridobs_exporters.collectors import KINDS
from gridobs_exporters.config.document import ConfigError, read
from gridobs_exporters.flags import Settings, parse, schema_of
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
mqtt:
  max_series: 300
  brokers:
    - url: mqtt://one:1883
    - {name: second, url: "mqtt://two:1883", sys_interval: 30s}
pipeline:
  stores:
    - path: /var/lib/power/store.db
"""


def parsed(path: Path, text: str, *flags: str) -> Settings:
    path.write_text(text)
    return parse([f"--config.file={path}", *flags], version="0", kinds=KINDS)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "exporter.yaml"


def targets(told: Settings) -> dict[str, tuple[str, ...]]:
    return {name: tuple(make(Clock()).targets) for name, make in told.collectors.items()}


def test_the_file_says_what_is_read(file: Path) -> None:
    told = parsed(file, GOOD)

    assert targets(told) == {"mqtt": ("one:1883", "second"), "pipeline": ("store",)}
    assert told.limits == {"mqtt": 300, "pipeline": 2000}


def test_flags_add_to_the_file_and_turn_parts_of_it_off(file: Path) -> None:
    one = "mqtt:\n  brokers:\n    - url: mqtt://one:1883\n"

    assert targets(parsed(file, one, "--pipeline.store=a.db")) == {"mqtt": ("one:1883",), "pipeline": ("a",)}
    assert targets(parsed(file, GOOD, "--no-collector.mqtt")) == {"pipeline": ("store",)}
    assert targets(parsed(file, GOOD, "--collector.disable-defaults", "--collector.mqtt")) == {
        "mqtt": ("one:1883", "second")
    }


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("mqtt: {brokrs: []}", ["1:8: unknown key 'brokrs'; did you mean 'brokers'?", "1:1: lacks 'brokers'"]),
        ("mqqt: {}", ["1:1: unknown key 'mqqt'; did you mean 'mqtt'?"]),
        ("mqtt:\n  brokers:\n    - url: 7", ["3:7: 7 will not do: the broker's address; write e.g. mqtts://"]),
        (
            "mqtt:\n  brokers:\n    - name: x",
            ["3:7: lacks 'url': the broker's address; write e.g. mqtts://broker:8883"],
        ),
        ("mqtt:\n  brokers: []", ["2:3: [] will not do: the brokers"]),
        ("mqtt: {brokers: [{url: mqtt://a, sys_interval: 10}]}", ["1:34: 10 will not do: the broker's sys_interval"]),
        ("mqtt: {brokers: [{url: mqtt://a, sys_interval: 0s}]}", ["1:34: must be longer than 0; write e.g. 10s"]),
        (
            "mqtt: {brokers: [{url: mqtt://a}, {url: mqtt://a}]}",
            ["1:35: the name 'a:1883' is taken; give it another name"],
        ),
        ("mqtt: {max_series: 0, brokers: [{url: mqtt://a}]}", ["1:8: 0 will not do: the most samples to expose"]),
        ("mqtt: 7", ["1:1: 7 will not do"]),
        ("- mqtt", ["1:1: must be a mapping"]),
        ("mqtt: {\n", ["not YAML: "]),
        ("mqtt: {}\nmqtt: {}", ["2:1: 'mqtt' stands in line 1 already; keep one"]),
        ("mqtt: &a {}\npipeline: *a", ["aliases are not supported"]),
        ("? {a: b}\n: c", ["1:3: a key must be text"]),
        ("mqtt: 2024-13-45", ["1:7: month must be in 1..12; quote it if it is text"]),
        ("mqtt: !!python/object:os.system {}", ["1:1: lacks 'brokers'"]),
        ("", ["no collector is on; give --config.file, or one of --collector.k3s"]),
    ],
)
def test_a_fault_is_told_with_its_place_and_cure(file: Path, text: str, problems: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        parsed(file, text)

    lines = str(refused.value).splitlines()
    assert len(lines) == len(problems)
    for problem in problems:
        assert any(problem in line for line in lines), lines


def test_every_fault_is_told_at_once(file: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        parsed(file, "mqtt: {brokers: [{url: mqtt://a, x: 1}]}\npipeline: {}", "--web.telemetry-path=x")

    assert len(str(refused.value).splitlines()) == 3


def test_a_broker_is_given_in_one_place(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"--mqtt.broker: .*:2:3 lists them already; give it there"):
        parsed(file, GOOD.replace("  max_series: 300\n", ""), "--mqtt.broker=mqtt://three")


@pytest.mark.parametrize("name", ["missing.yaml", ""])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=rf"{tmp_path / name}: cannot read it: "):
        parse([f"--config.file={tmp_path / name}"], version="0", kinds=KINDS)


def test_a_file_that_is_not_text_is_named(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read(file)


def test_the_schema_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(schema_of(KINDS))


@settings(derandomize=True, database=None, deadline=None)
@given(st.text(max_size=200) | st.sampled_from([GOOD[:cut] for cut in range(len(GOOD))]))
def test_no_file_ends_in_a_traceback(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("config") / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with suppress(ConfigError):
        parse([f"--config.file={path}"], version="0", kinds=KINDS)

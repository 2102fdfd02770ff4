"""The section ``probe`` of the configuration: what it gives, and what each fault in it is told."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.clock import Clock
from gridobs_exporters.collectors import KINDS, PAGES
from gridobs_exporters.config.document import ConfigError
from gridobs_exporters.config.section import Section
from gridobs_exporters.flags import Settings, parse
from gridobs_exporters.mqtt.blackbox.checks import CHECKS
from gridobs_exporters.mqtt.blackbox.kind import read_modules

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "exporter.yaml"


def parsed(file: Path, text: str) -> Settings:
    file.write_text(text)
    return parse([f"--config.file={file}"], version="0", kinds=KINDS, pages=PAGES)


def problems(file: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        parsed(file, text)
    return str(refused.value).replace(f"{file}:", "").splitlines()


def test_a_list_of_targets_is_enough_to_serve_the_page_and_no_collector(file: Path) -> None:
    settings = parsed(file, "probe: {targets: ['mqtt://broker']}\n")

    assert settings.collectors == {}
    assert [make(Clock()).path for make in settings.pages.values()] == ["/probe"]


def test_without_modules_there_is_one_for_each_qos_and_one_for_everything() -> None:
    modules = read_modules(Section({}), tls=False)

    assert {name: tuple(module.qos) for name, module in modules.items()} == {
        "qos0": (0,),
        "qos1": (1,),
        "qos2": (2,),
        "full": (0, 1, 2),
    }
    assert tuple(modules["full"].checks) == tuple(CHECKS)
    assert all(module.topic == f"gridobs/probe/{socket.gethostname()}" for module in modules.values())


def test_with_modules_there_are_only_those_and_what_they_leave_out_is_as_the_manual_says(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("open sesame\n")
    given = {"username": "meter", "password_file": str(tmp_path / "secret")}
    modules = read_modules(Section({"modules": {"meters": given}}), tls=False)

    assert list(modules) == ["meters"]
    module = modules["meters"]
    assert (module.qos, module.messages, module.checks, module.timeout) == ((1,), 10, (), 5.0)
    assert (module.username, module.password) == ("meter", "open sesame")
    assert "sesame" not in repr(module)


def test_every_fault_the_schema_sees_is_told_with_its_place_and_cure(file: Path) -> None:
    module = "{qos: [3], messages: 0, checks: [ping], timeout: 5, topic: 'a/#', user: x}"
    told = problems(file, f"probe:\n  modules:\n    a: {module}\n")

    assert {line.partition(": ")[0]: line.partition(": ")[2].partition(";")[0] for line in told} == {
        "1:1": "lacks 'targets': the brokers that may be probed",
        "3:15": "3 will not do: a QoS",
        "3:19": "0 will not do: how many of each QoS, at most 1000",
        "3:41": "'ping' will not do: a check: retained, session_resume, shared_subscription, wrong_password",
        "3:48": "5 will not do: for the whole probe, if the scrape leaves that much",
        "3:60": "'a/#' will not do: what its topics begin with: without + and #, and no / or $ at its ends",
        "3:74": "unknown key 'user'",
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("targets: ['mqtt://me:sesame@broker']", "2:3: address 1: others can read a password here"),
        ("targets: ['mqtt://a', 'b:1883']", "2:3: address 2: not a broker's address; write mqtt://HOST:1883"),
        ("{targets: ['mqtt://a'], modules: {a: {ca_file: ca.pem}}}", "of no use without TLS; write the targets as"),
        ("{targets: ['mqtts://a'], modules: {a: {ca_file: /none}}}", "cannot use /none: No such file or directory"),
        ("{targets: ['mqtt://a'], modules: {a: {timeout: 0s}}}", "must be longer than 0; write e.g. 5s"),
        ("{targets: ['mqtt://a'], modules: {a: {password_file: /none}}}", "cannot read /none"),
        ("{targets: ['mqtt://a'], modules: {}}", "will not do: what probes do; default: qos0, qos1, qos2 and full"),
        ("{targets: ['mqtt://a'], modules: {'a b': {}}}", "a module has a name of letters, digits, _, . and -"),
        ("{targets: []}", "[] will not do: the brokers that may be probed"),
    ],
)
def test_what_cannot_work_is_one_line(text: str, problem: str, file: Path) -> None:
    (line,) = problems(file, f"probe:\n  {text}\n")

    assert problem in line
    assert "sesame" not in line

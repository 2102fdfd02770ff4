"""The image's recipe, read without a container engine."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from gridobs_exporters.collectors import KINDS
from gridobs_exporters.config.document import ConfigError
from gridobs_exporters.flags import parse

DOCKERFILE = Path(__file__).parents[3] / "exporters" / "Dockerfile"


@pytest.fixture(scope="module")
def instructions() -> list[tuple[str, str]]:
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in whole.splitlines() if line)]


def all_of(instructions: list[tuple[str, str]], name: str) -> list[str]:
    return [rest for instruction, rest in instructions if instruction == name]


def test_every_base_is_named_by_a_digest_that_must_be_given(instructions: list[tuple[str, str]]) -> None:
    bases = {rest.split()[0] for rest in all_of(instructions, "FROM")}

    assert bases == {"python:3.12-slim-bookworm@${PYTHON_DIGEST}"}
    assert instructions[0] == ("ARG", "PYTHON_DIGEST")  # without a default


def test_it_runs_as_a_user_without_a_name_or_rights(instructions: list[tuple[str, str]]) -> None:
    last_stage = max(at for at, (name, _) in enumerate(instructions) if name == "FROM")
    users = all_of(instructions[last_stage:], "USER")

    assert len(users) == 1
    assert re.fullmatch(r"([1-9][0-9]{3,}):\1", users[0])


def test_nothing_comes_from_elsewhere(instructions: list[tuple[str, str]]) -> None:
    text = "\n".join(rest for _, rest in instructions)

    assert all_of(instructions, "ADD") == []
    assert not re.search(r"https?://|index-url|curl|wget|apt-get|:latest", text)


def test_packages_are_those_of_the_constraints(instructions: list[tuple[str, str]]) -> None:
    (run,) = all_of(instructions, "RUN")

    assert "-c /src/constraints.txt" in run
    assert "--only-binary :all:" in run


def test_the_build_sees_only_the_wheel_and_the_constraints(instructions: list[tuple[str, str]]) -> None:
    seen = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text().split()
    copied = [rest.split()[:-1] for rest in all_of(instructions, "COPY") if not rest.startswith("--from")]

    assert seen[0] == "*"
    assert {file for files in copied for file in files} == {entry.removeprefix("!") for entry in seen[1:]}


def test_what_it_runs_are_flags_of_the_exporter(instructions: list[tuple[str, str]]) -> None:
    (entry,), (flags,) = (all_of(instructions, name) for name in ("ENTRYPOINT", "CMD"))
    with pytest.raises(ConfigError) as caught:
        parse(json.loads(flags), version="1", kinds=KINDS)

    assert json.loads(entry) == ["/opt/gridobs/bin/gridobs-exporter"]
    assert str(caught.value) == "/etc/gridobs/exporter.yaml: cannot read it: No such file or directory"

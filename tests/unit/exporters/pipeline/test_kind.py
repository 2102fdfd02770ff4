"""What the section ``pipeline`` may say, and what each fault is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from gridobs_exporters.collectors import KINDS
from gridobs_exporters.config.document import ConfigError
from gridobs_exporters.config.schema import faults
from gridobs_exporters.config.section import Section
from gridobs_exporters.flags import parse, schema_of
from gridobs_exporters.pipeline.integrity import CheckSettings
from gridobs_exporters.pipeline.kind import read_store_settings

STORE = "--pipeline.store=/var/lib/power/store.db"


def test_a_canary_has_a_meter_and_a_topic_of_its_own() -> None:
    canary = read_store_settings(Section({"path": "s.db", "canary": {"broker": {"url": "mqtt://b"}}})).canary

    assert canary
    assert (str(canary.broker), canary.meter) == ("mqtt://b:1883", "gridobs-canary")
    assert canary.topic == "power/gridobs-canary/gridobs-canary/reading"
    assert (canary.interval, canary.timeout) == (15, 10)


def test_the_topic_follows_the_meter_unless_it_is_given() -> None:
    values = {"broker": {"url": "mqtt://b"}, "meter": "probe-7"}
    followed = read_store_settings(Section({"path": "s.db", "canary": values})).canary
    given = read_store_settings(Section({"path": "s.db", "canary": values | {"topic": "a/b"}})).canary

    assert followed
    assert given
    assert (followed.topic, given.topic) == ("power/probe-7/probe-7/reading", "a/b")


def test_a_check_leaves_half_of_the_time_to_the_processor() -> None:
    settings = read_store_settings(Section({"path": "s.db", "quick_check_interval": "2m"}))

    assert settings.check == CheckSettings(interval=120, timeout=60)


def test_the_example_of_the_manual_passes_the_schema() -> None:
    manual = (Path(__file__).parents[4] / "docs/exporters/pipeline.md").read_text()
    example = yaml.safe_load(re.findall(r"^```yaml\n(.*?)^```", manual, re.MULTILINE | re.DOTALL)[0])

    assert example["pipeline"]["stores"][0]["canary"]
    assert list(faults(example, schema_of(KINDS))) == []


def test_zero_turns_the_checks_off() -> None:
    settings = read_store_settings(Section({"path": "s.db", "quick_check_interval": 0, "accuracy_interval": "0"}))

    assert (settings.check, settings.accuracy, settings.canary) == (None, None, None)


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--pipeline.canary-interval=5s"], "lacks 'broker': the broker the processor takes records from"),
        (["--pipeline.canary-broker=http://b"], "--pipeline.canary-broker: 'http://b' is not a broker's address"),
        (
            ["--pipeline.canary-broker=mqtt://b", "--pipeline.canary-timeout=30s"],
            "--pipeline.canary-timeout: 30 s is longer than the interval of 15 s; make one fit",
        ),
        (
            ["--pipeline.canary-broker=mqtt://b", "--pipeline.canary-timeout=0s"],
            "--pipeline.canary-timeout: must be longer than 0; write e.g. 10s",
        ),
        (["--pipeline.store=/"], "--pipeline.store: '/' will not do: the SQLite file the processor writes"),
        (["--pipeline.store=a\0b"], "will not do: the SQLite file the processor writes"),
        (["--pipeline.accuracy-interval=soon"], "'soon' will not do: from one check of samples to the next"),
    ],
)
def test_what_cannot_work_is_told_with_its_cure(flags: list[str], problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse([STORE, *flags], version="0", kinds=KINDS)

    assert problem in str(refused.value)

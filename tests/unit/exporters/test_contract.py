"""Names, documentation and code say the same."""

from __future__ import annotations

import re
from pathlib import Path

from gridobs_exporters import flags, names

DOCS = Path(__file__).parents[3] / "docs" / "exporters.md"
NAMES = sorted(value for key, value in vars(names).items() if key.isupper() and isinstance(value, str))


def test_every_name_stands_once() -> None:
    assert len(NAMES) == len(set(NAMES))


def test_every_name_is_well_formed() -> None:
    for name in NAMES:
        assert re.fullmatch(r"gridobs_(exporter|mqtt|pipeline)_[a-z][a-z0-9_]*[a-z]", name), name
        assert not name.endswith(("_count", "_sum", "_bucket", "_created")), name


def test_the_names_others_rely_on_stay() -> None:
    assert names.MQTT_PROBE_ATTEMPTS == "gridobs_mqtt_probe_attempts_total"
    assert names.MQTT_PROBE_FAILURES == "gridobs_mqtt_probe_failures_total"
    assert names.MQTT_PROBE_ROUNDTRIP == "gridobs_mqtt_probe_roundtrip_seconds"


def test_every_series_is_documented_and_nothing_else_is() -> None:
    documented = set(re.findall(r"`(gridobs_[a-z0-9_]+)(?:\{[^`]*)?`", DOCS.read_text()))

    assert documented - {"gridobs_exporters"} == {*NAMES, names.up("mqtt"), names.up("pipeline")}


def test_every_flag_is_documented() -> None:
    text = DOCS.read_text()
    defined = re.findall(r'add\("(--[a-z.-]+)"', Path(flags.__file__).read_text())

    assert len(defined) > 10
    assert [flag for flag in defined if f"`{flag}" not in text] == []


def test_the_documented_schema_is_the_one_under_test(schema: str) -> None:
    assert schema in DOCS.read_text()

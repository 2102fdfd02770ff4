from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridobs.fleet import inventory
from gridobs.fleet.model import Fleet, Hub, Region, Site, State, Transport

if TYPE_CHECKING:
    from pathlib import Path

names = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
degrees = st.floats(allow_nan=False, allow_infinity=False)
hubs = st.builds(
    Hub,
    shards=st.integers(1, 99),
    scrape_interval=st.integers(31, 149),
    scrape_timeout=st.integers(1, 9),
    evaluation_interval=st.integers(1, 149),
    outage_budget=st.integers(3_600, 10_000_000),
    alertmanagers=st.lists(names.map("am-{}.example:9093".format), max_size=2).map(tuple),
    receiver=st.just("") | names.map("{}.example:9090".format),
)


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    regions = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    titles = st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=12).filter(
        lambda text: "{{" not in text
    )
    ids = sorted(draw(st.lists(names, min_size=1, max_size=4, unique=True)))
    return Fleet(
        regions=tuple(Region(name=name, title=draw(titles)) for name in regions),
        sites=tuple(
            Site(
                id=name,
                region=draw(st.sampled_from(regions)),
                address=f"{name}.example:{draw(st.integers(1, 65_535))}",
                coordinates=draw(st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180))),
                voltage_class=draw(st.sampled_from(["", "110kV", "380/110kV", "0.4kV"])),
                devices=draw(st.integers(0, 10_000_000)),
                nodes=draw(st.integers(1, 100)),
                state=draw(st.sampled_from(State)),
                transport=draw(st.sampled_from(Transport)),
                scrape_interval=draw(st.none() | st.integers(10, 149)),
            )
            for name in ids
        ),
        hub=draw(hubs),
        source="x.yaml",
    )


@settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(fleet=fleets())
def test_what_is_written_loads_to_an_equal_fleet(tmp_path: Path, fleet: Fleet) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(inventory.dump(fleet), encoding="utf-8")

    assert inventory.load(path) == fleet


@pytest.mark.parametrize("name", ["no", "1e3", "null", "0123", "12", "1-2-3"])
def test_a_name_that_yaml_takes_for_something_else_is_quoted(tmp_path: Path, name: str) -> None:
    fleet = Fleet(
        regions=(Region(name=name, title=name),),
        sites=(Site(id=name, region=name, address="a.example:1"),),
        source="x.yaml",
    )
    (tmp_path / "x.yaml").write_text(inventory.dump(fleet))

    assert inventory.load(tmp_path / "x.yaml") == fleet


def test_what_the_model_has_anyway_is_not_written() -> None:
    fleet = Fleet(
        regions=(Region(name="east", title="East"),),
        sites=(
            Site(id="sub-0001", region="east", address="a.example:9443", coordinates=(52.5, 13.0)),
            Site(id="sub-0002", region="east", address="b.example:9443", state=State.PLANNED, scrape_interval=90),
        ),
        hub=Hub(shards=3, outage_budget=172_800),
    )

    assert (
        inventory.dump(fleet)
        == """\
apiVersion: gridobs/v1
kind: Fleet
hub:
  shards: 3
  outageBudget: 2d
regions:
- name: east
  title: East
sites:
- id: sub-0001
  region: east
  address: a.example:9443
  coordinates: [52.5, 13.0]
- id: sub-0002
  region: east
  address: b.example:9443
  state: planned
  scrapeInterval: 1m30s
"""
    )

"""Whatever a file holds, it loads, or every problem in it has a place in the file, a code and a cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridobs.codes import Code
from gridobs.errors import SourceError
from gridobs.fleet import inventory

if TYPE_CHECKING:
    from pathlib import Path

    from gridobs.errors import Problem

YAML = b"""\
apiVersion: gridobs/v1
kind: Fleet
hub: {shards: 2, scrapeInterval: 60s, outageBudget: 1d, alertmanagers: ["am.example:9093"], receiver: "r.example:1"}
regions:
- name: east
  title: The East
defaults: {port: 9443, nodes: 3, transport: pull}
sites:
- id: sub-0001
  region: east
  address: sub-0001.east.grid.example
  coordinates: [52.5, 13.4]
  voltageClass: 110kV
  devices: 1200
  state: live
- {id: sub-0002, region: east, address: "[2001:db8::1]:444", scrapeInterval: 30s}
"""
CSV = b"""\
id,region,address,latitude,longitude,voltageClass,devices,nodes,state,transport,scrapeInterval
sub-0001,east,sub-0001.east.grid.example:9443,52.5,13.4,110kV,1200,3,live,pull,
sub-0002,"west","[2001:db8::1]:9443",,,380/110kV,,,maintenance,vmagent,30s
"""
ODD = (
    "", " ", ",", ";", '"', '""', "'", "\n", "\r\n", "\r", "\t", "\x00", "\ufeff", "\u2028", "é", "\U0001f600", "[",
    "]", "{", "}", "{{", ": ", "- ", "#", "&a ", "*a", "!!binary ", "<<: ", "?", "|", ">", "~", "null", "yes", "-1",
    "1e999", "9" * 400, ".inf", ".nan", "nan", "1_0", "0x1f", "2026-01-01", "\u0661", "a" * 300, "%", "@", "::", "1h",
    "[::]:1", "0s", "99999y", "---\n", "...\n", "sites:\n", "hub:\n", "regions: []\n", "id", "east",
)  # fmt: skip
EDITS = st.sampled_from(ODD).map(str.encode) | st.binary(max_size=3)
steady = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=800,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@st.composite
def mutated(draw: st.DrawFn, base: bytes) -> bytes:
    raw = bytearray(base)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(raw)))
        match draw(st.sampled_from(("edit", "edit", "edit", "cut", "repeat", "truncate"))):
            case "edit":
                raw[at : at + draw(st.integers(0, 12))] = draw(
                    st.sampled_from(ODD).map(str.encode) | st.binary(max_size=3)
                )
            case "cut":
                del raw[at : at + draw(st.integers(1, 40))]
            case "repeat":
                end = raw.find(b"\n", at) + 1
                raw[end:end] = raw[raw.rfind(b"\n", 0, at) + 1 : end]
            case "truncate":
                del raw[at:]
    return bytes(raw)


def load(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)
    problems: tuple[Problem, ...] = ()
    try:
        fleet = inventory.load(path)
    except SourceError as error:
        problems = error.problems
    else:
        again = path.with_name("again.yaml")
        again.write_text(inventory.dump(fleet), encoding="utf-8")
        assert inventory.load(again).sites == fleet.sites
        return
    lines = len((raw.decode("utf-8-sig", "replace") + "|").splitlines())
    assert problems
    for one in problems:
        assert one.path == path
        assert 1 <= one.line <= lines, one
        assert one.column >= 1, one
        assert isinstance(one.code, Code)
        assert one.message.strip(), one
        assert one.cure.strip(), one
        str(one).encode()


@steady
@given(raw=mutated(YAML))
def test_a_yaml_file_with_faults_is_loaded_or_refused_in_full(tmp_path: Path, raw: bytes) -> None:
    load(tmp_path / "fleet.yaml", raw)


@steady
@given(raw=mutated(CSV))
def test_a_csv_file_with_faults_is_loaded_or_refused_in_full(tmp_path: Path, raw: bytes) -> None:
    load(tmp_path / "fleet.csv", raw)


def test_what_is_mutated_is_without_fault_itself(tmp_path: Path) -> None:
    for name, raw in (("fleet.yaml", YAML), ("fleet.csv", CSV)):
        (tmp_path / name).write_bytes(raw)

        assert len(inventory.load(tmp_path / name).sites) == 2

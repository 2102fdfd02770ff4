"""What the kernel says, in both of its languages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from gridobs_exporters.wasmedge.cgroups import Cgroups, Usage, location, number, of_process

FIXTURES = Path(__file__).parents[3] / "fixtures" / "wasmedge"
SYSTEMD = "kubepods-burstable-pod0f5c_1.slice:cri-containerd:c1"
CGROUPFS = "/kubepods/burstable/pod0f5c-1/c1"
USAGE = Usage(
    cpu=12.5,
    periods=400,
    throttled_periods=30,
    throttled=1.25,
    working_set=20971520,
    limit=67108864,
    peak=41943040,
    oom_kills=2,
    pids=7,
)


@pytest.mark.parametrize(("version", "path"), [("v2", SYSTEMD), ("v1", CGROUPFS)])
def test_both_versions_say_the_same_of_the_same_container(version: str, path: str, tmp_path: Path) -> None:
    cgroups = Cgroups(FIXTURES / version, proc=tmp_path)

    assert cgroups.unified == (version == "v2")
    assert cgroups.read(path, 0) == USAGE


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (
            SYSTEMD,
            "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f5c_1.slice/cri-containerd-c1.scope",
        ),
        ("kubepods-pod7.slice:cri-containerd:c1", "kubepods.slice/kubepods-pod7.slice/cri-containerd-c1.scope"),
        (":runc:c1", "system.slice/runc-c1.scope"),
        (CGROUPFS, "kubepods/burstable/pod0f5c-1/c1"),
        ("/k8s.io/c1", "k8s.io/c1"),
        ("relative/c1", ""),
        ("/../../etc", ""),
        ("", ""),
    ],
)
def test_a_cgroup_is_found_by_the_path_of_the_specification(path: str, place: str) -> None:
    assert location(path) == place


def test_where_the_path_does_not_say_the_process_does(tmp_path: Path) -> None:
    (tmp_path / "42").mkdir()
    listed = f"9:name=systemd:/\n3:cpu,cpuacct:{CGROUPFS}\n2:memory:{CGROUPFS}\n1:pids:{CGROUPFS}\n0::/\n"
    (tmp_path / "42" / "cgroup").write_text(listed)
    cgroups = Cgroups(FIXTURES / "v1", proc=tmp_path)

    assert cgroups.read("relative/c1", 42) == USAGE
    assert cgroups.read("relative/c1", 43) is None
    assert of_process("0::/../../elsewhere\nnonsense\n") == {}


def test_a_container_that_is_gone_has_no_usage(tmp_path: Path) -> None:
    assert Cgroups(FIXTURES / "v2", proc=tmp_path).read("/kubepods/pod9/c9", 0) is None


def test_no_limit_is_no_number(tmp_path: Path) -> None:
    root = tmp_path / "v2"
    shutil.copytree(FIXTURES / "v2", root)
    folder = root / location(SYSTEMD)
    (folder / "memory.max").write_text("max\n")
    (folder / "memory.peak").unlink()
    usage = Cgroups(root, proc=tmp_path).read(SYSTEMD, 0)

    assert usage
    assert (usage.limit, usage.peak, usage.working_set) == (None, None, 20971520)
    assert number("9223372036854771712\n") is None, "v1 writes this for no limit"


def test_a_file_that_makes_no_sense_is_unknown_and_never_0(tmp_path: Path) -> None:
    root = tmp_path / "v2"
    shutil.copytree(FIXTURES / "v2", root)
    folder = root / location(SYSTEMD)
    for name in ("cpu.stat", "memory.current", "memory.events", "pids.current"):
        (folder / name).write_bytes(b"\xff-1 many\n")

    assert Cgroups(root, proc=tmp_path).read(SYSTEMD, 0) == Usage(limit=67108864, peak=41943040)

"""``gridobs fleet simulate`` on the real programs: what it shows, what it refuses, that it leaves nothing behind.

How fast the machine is stands in no assertion: figures are judged by the command, facts by these tests.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
SMALL = ("--sites=50", "--series=60", "--interval=5s", "--for=20s")


def free_base_port(start: int) -> int:
    """The first of ten consecutive free ports from ``start`` on."""
    for base in range(start, start + 1000, 10):
        sockets = [socket.socket() for _ in range(10)]
        try:
            for offset, sock in enumerate(sockets):
                sock.bind(("127.0.0.1", base + offset))
        except OSError:
            continue
        finally:
            for sock in sockets:
                sock.close()
        return base
    raise AssertionError("no free ports")


def start(*arguments: str, base_port: int, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gridobs", "fleet", "simulate", f"--base-port={base_port}", *arguments],
        cwd=ROOT,
        env=os.environ | (env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(simulation: subprocess.Popen[str], *, within: float) -> tuple[int, str, str]:
    try:
        out, err = simulation.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        simulation.terminate()
        out, err = simulation.communicate(timeout=60)
        pytest.fail(f"the simulation took over {within} s\n{out}\n{err}")
    return simulation.returncode, out, err


def run(*arguments: str, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    return finish(start(*arguments, base_port=free_base_port(31000), env=env), within=180)


def processes_about(folder: Path) -> list[str]:
    """The command lines of running processes that name this folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line:
            found.append(line)
    return found


def wait_until_gone(folder: Path) -> list[str]:
    """What is left after a minute; a program takes a moment to end, and one just started ends with its starter."""
    until = time.monotonic() + 60
    while (left := processes_about(folder)) and time.monotonic() < until:
        time.sleep(0.1)
    return left


Outcome = tuple[int, dict[str, Any], str]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Both at once: they wait most of the time."""
    temporary = tmp_path_factory.mktemp("simulations")
    simulations = {
        name: start(
            f"--scenario={name}",
            "--json",
            *SMALL,
            *extra,
            base_port=free_base_port(32000 + 1000 * number),
            env={"TMPDIR": str(temporary)},
        )
        for number, (name, extra) in enumerate(
            {"none": ("--tls", "--real=2"), "region-outage": ("--hurry=5",)}.items()
        )
    }
    results = {}
    for name, simulation in simulations.items():
        code, out, err = finish(simulation, within=600)
        assert out, err
        results[name] = (code, json.loads(out), err)
    assert list(temporary.iterdir()) == []
    return results


@pytest.mark.e2e
@pytest.mark.parametrize("name", ["none", "region-outage"])
def test_the_exit_status_says_whether_all_targets_are_met(outcomes: dict[str, Outcome], name: str) -> None:
    code, result, err = outcomes[name]

    assert (0 if result["met"] else 1) == code, err
    assert result["met"] == all(check["met"] is not False for check in result["checks"])
    for check in result["checks"]:
        assert (check["met"] is False) == (f"simulate: {check['what']}: " in err)


@pytest.mark.e2e
def test_over_tls_every_site_is_pulled_and_stored_and_nobody_is_called(outcomes: dict[str, Outcome]) -> None:
    figures = outcomes["none"][1]["figures"]

    assert figures["scrapes"] >= 50
    assert figures["samples_rate"] > 0
    assert 0 < figures["body_rate"] < figures["wire_rate"]
    assert figures["hub_cpu"] > 0
    assert figures["hub_rss"] > 10_000_000
    assert (0, 0) == (figures["notifications"], figures["ungrouped"])


@pytest.mark.e2e
def test_what_the_hub_has_of_real_sites_is_what_they_recorded(outcomes: dict[str, Outcome]) -> None:
    figures = outcomes["none"][1]["figures"]

    assert figures["real"]["compared"] >= 20
    assert 0 == figures["real"]["different"]


@pytest.mark.e2e
@pytest.mark.parametrize("name", ["none", "region-outage"])
def test_what_the_hub_has_of_simulated_sites_can_be_recomputed(outcomes: dict[str, Outcome], name: str) -> None:
    figures = outcomes[name][1]["figures"]

    assert figures["told"]["compared"] >= 60
    assert 0 == figures["told"]["different"]


@pytest.mark.e2e
def test_a_dark_region_is_one_message_and_a_dark_site_elsewhere_another(outcomes: dict[str, Outcome]) -> None:
    figures = outcomes["region-outage"][1]["figures"]

    assert {"RegionWANOutage": 2, "SiteDark": 1} == figures["notified"]
    assert 21 == figures["firing"]["SiteDark"]
    assert 23 == figures["ungrouped"]


@pytest.mark.e2e
def test_dark_sites_are_known_counted_nowhere_and_come_back(outcomes: dict[str, Outcome]) -> None:
    _, result, _ = outcomes["region-outage"]
    figures = result["figures"]

    assert figures["dark_after"] is not None
    assert (0, 0) == (figures["dark_missed"], figures["stale"])
    assert figures["back_after"] is not None
    story = [event["what"] for event in result["events"]]
    for earlier, later in (("steady", "fault"), ("fault", "dark"), ("dark", "told"), ("lifted", "back")):
        assert story.index(earlier) < story.index(later), story


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_interrupted_it_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "simulation"
    simulation = start(*SMALL, "--for=10m", f"--dir={folder}", base_port=free_base_port(35000))
    assert simulation.stderr is not None
    while "starting hub" not in simulation.stderr.readline():
        assert simulation.poll() is None
    assert len(processes_about(folder)) > 2

    simulation.send_signal(number)
    code, _, err = finish(simulation, within=90)

    assert "Traceback" not in err
    assert code == 130
    assert wait_until_gone(folder) == []


@pytest.mark.e2e
def test_killed_it_leaves_no_process(tmp_path: Path) -> None:
    folder = tmp_path / "simulation"
    simulation = start(*SMALL, "--for=10m", f"--dir={folder}", base_port=free_base_port(36000))
    assert simulation.stderr is not None
    while "starting hub" not in simulation.stderr.readline():
        assert simulation.poll() is None

    simulation.kill()
    simulation.communicate()

    assert wait_until_gone(folder) == []


@pytest.mark.e2e
def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        base = free_base_port(37000)
        taken.bind(("127.0.0.1", base + 1))
        taken.listen()

        code, out, err = finish(start(*SMALL, base_port=base), within=60)

    assert (code, out) == (2, "")
    assert f"127.0.0.1: port {base + 1} (alertmanager) is in use; choose others with --base-port" in err


def test_a_missing_program_is_named_with_the_cure(tmp_path: Path) -> None:
    code, _, err = run(env={"PATH": str(tmp_path)})

    assert code == 2
    assert "Traceback" not in err


def test_scenarios_are_listed_with_what_they_do() -> None:
    code, out, err = run("--list")

    assert (code, err) == (0, "")
    assert ["region-outage"] == [line.split()[0] for line in out.splitlines() if "three regions of ten" in line]


def test_an_unknown_scenario_is_refused_with_those_there_are() -> None:
    code, _, err = run("--scenario=flood")

    assert code == 2
    assert "'flood' is no scenario; use one of none, region-outage" in err


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()

    code, _, err = run(f"--dir={tmp_path}")

    assert code == 2
    assert "not made by an earlier simulation" in err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_real_site_without_tls_is_refused() -> None:
    code, _, err = run("--real=1")

    assert code == 2
    assert "add --tls, or leave out --real" in err


@pytest.mark.parametrize(
    ("argument", "message"),
    [("--for=soon", "is no duration"), ("--sites=3", "--sites"), ("--interval=0s", "--interval")],
)
def test_a_wrong_option_is_explained(argument: str, message: str) -> None:
    code, _, err = run(argument)

    assert code == 2
    assert message in " ".join(err.split())

"""The demo on the real programs: what it shows, what it refuses, and that it leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
SMALL = ("--meters=200", "--rate=200")
NOT_HERE = {"k3s-api-availability", "wasm-cold-start"}  # of a cluster, which the demo has not
OBJECTIVES = sorted(path.stem for path in (ROOT / "alerts" / "slos").glob("*.yaml") if path.stem not in NOT_HERE)


def free_base_port(start: int) -> int:
    """The first of six consecutive free ports from ``start`` on."""
    for base in range(start, start + 1000, 10):
        sockets = [socket.socket() for _ in range(6)]
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
        [sys.executable, "-m", "gridobs", "demo", f"--base-port={base_port}", *arguments],
        cwd=ROOT,
        env=os.environ | (env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(demo: subprocess.Popen[str], *, within: float) -> tuple[int, str, str]:
    try:
        out, err = demo.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        demo.terminate()
        out, err = demo.communicate(timeout=60)
        pytest.fail(f"the demo took over {within} s\n{out}\n{err}")
    return demo.returncode, out, err


def run(*arguments: str, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    return finish(start(*arguments, base_port=free_base_port(21000), env=env), within=180)


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


@pytest.mark.e2e
def test_once_shows_every_objective_with_a_value_and_clean_books(tmp_path: Path) -> None:
    code, out, err = run("--once", "--json", f"--dir={tmp_path / 'demo'}")

    assert code == 0, err
    result = json.loads(out)
    assert OBJECTIVES == [row["name"] for row in result["objectives"]]
    for row in result["objectives"]:
        assert None not in (row["sli"], row["burn_rate"], row["budget_left"]), row
    assert result["tally"]["connected"] == 2000
    assert result["books"]["stored"] > 1000
    assert (result["books"]["lost"], result["books"]["counted_twice"]) == (0, 0)
    assert processes_about(tmp_path) == []


@pytest.mark.e2e
def test_an_objective_without_a_value_is_named_after_a_minute(tmp_path: Path) -> None:
    """Its total is of a series that nothing exposes."""
    sources = tmp_path / "alerts"
    shutil.copytree(ROOT / "alerts", sources)
    objective = sources / "slos" / "power-accuracy.yaml"
    objective.write_text(objective.read_text().replace("power_samples_checked_total", "power_samples_imagined_total"))

    code, out, err = run("--once", *SMALL, f"--sources={sources}", f"--dir={tmp_path / 'demo'}")

    assert code == 1
    assert "demo: no value within 60 s of the start: power-accuracy" in err
    assert "no data" in out
    assert processes_about(tmp_path / "demo") == []


SCENARIOS = {
    "broker-outage": "MqttAvailabilityBudgetBurn",
    "processor-crash": "PowerProcessorDown",
    "disk-full": "PowerStoreWriteFailing",
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, dict[str, Any], str]]:
    """All scenarios at once: each waits for five-minute windows most of the time."""
    temporary = tmp_path_factory.mktemp("demos")
    demos = {
        name: start(
            "--once",
            f"--scenario={name}",
            "--json",
            *SMALL,
            base_port=free_base_port(22000 + 1000 * number),
            env={"TMPDIR": str(temporary)},
        )
        for number, name in enumerate(SCENARIOS)
    }
    results = {}
    for name, demo in demos.items():
        code, out, err = finish(demo, within=900)
        results[name] = (code, json.loads(out) if out else {}, err)
    assert list(temporary.iterdir()) == []
    return results


@pytest.mark.e2e
@pytest.mark.parametrize(("scenario", "alert"), SCENARIOS.items())
def test_a_fault_pages_as_expected_and_loses_nothing(
    outcomes: dict[str, tuple[int, dict[str, Any], str]], scenario: str, alert: str
) -> None:
    code, result, err = outcomes[scenario]

    assert (code, result.get("problems")) == (0, []), err
    story = [event["what"] for event in result["events"]]
    story = story[story.index("fault") :]
    for earlier, later in (("fault", "pending"), ("pending", "page"), ("page", "lifted"), ("lifted", "resolved")):
        assert story.index(earlier) < story.index(later), story
    assert all(event["detail"].startswith(alert) for event in result["events"] if event["what"] == "page")
    assert result["books"]["acknowledged"] > 1000
    assert (result["books"]["lost"], result["books"]["counted_twice"]) == (0, 0)


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_interrupted_it_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "demo"
    demo = start(*SMALL, f"--dir={folder}", base_port=free_base_port(26000))
    assert demo.stderr is not None
    while "starting meters" not in demo.stderr.readline():
        assert demo.poll() is None
    assert len(processes_about(folder)) > 4
    time.sleep(2)

    demo.send_signal(number)
    code, _, err = finish(demo, within=60)

    assert "Traceback" not in err
    assert code == 0
    assert processes_about(folder) == []


@pytest.mark.e2e
def test_killed_it_leaves_no_process(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    demo = start(*SMALL, f"--dir={folder}", base_port=free_base_port(27000))
    assert demo.stderr is not None
    while "starting meters" not in demo.stderr.readline():
        assert demo.poll() is None

    demo.kill()
    demo.communicate()

    for _ in range(150):
        if not processes_about(folder):
            break
        time.sleep(0.1)
    assert [line for line in processes_about(folder) if "gridobs demo" not in line] == []


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        base = free_base_port(28000)
        taken.bind(("127.0.0.1", base + 2))
        taken.listen()

        code, out, err = finish(start("--once", base_port=base), within=60)

    assert (code, out) == (2, "")
    assert f"127.0.0.1: port {base + 2} (broker) is in use; choose others with --base-port" in err


def test_a_missing_program_is_named_with_the_cure(tmp_path: Path) -> None:
    code, _, err = run("--once", env={"PATH": str(tmp_path)})

    assert code == 2
    assert "apt-get install prometheus prometheus-alertmanager" in err
    assert "Traceback" not in err


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()

    code, _, err = run("--once", f"--dir={tmp_path}")

    assert code == 2
    assert "not made by an earlier demo" in err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_broken_objective_is_named_by_file_and_line(tmp_path: Path) -> None:
    slos = tmp_path / "slos"
    slos.mkdir()
    text = (ROOT / "alerts" / "slos" / "power-accuracy.yaml").read_text()
    (slos / "power-accuracy.yaml").write_text(text.replace("budgetingMethod", "budgetingMethd"))

    code, _, err = run("--once", f"--sources={tmp_path}")

    assert code == 2
    assert "power-accuracy.yaml:" in err
    assert "budgetingMethd" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("argument", "message"),
    [("--for=soon", "is no duration"), ("--rate=0", "--rate"), ("--scenario=flood", "broker-outage")],
)
def test_a_wrong_option_is_explained(argument: str, message: str) -> None:
    code, _, err = run(argument)

    assert code == 2
    assert message in " ".join(err.split())


def test_too_few_open_files_for_the_meters_is_said_before_anything_starts() -> None:
    limited = ["prlimit", "--nofile=1000:1000", sys.executable, "-m", "gridobs", "demo", "--once"]
    base_port = f"--base-port={free_base_port(29000)}"

    result = subprocess.run([*limited, base_port], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (result.returncode, result.stdout) == (2, "")
    assert "open files and the limit is 1000; use fewer --meters" in result.stderr

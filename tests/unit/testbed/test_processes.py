"""Processes are found, ended and missed as promised."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING

import pytest

from gridobs.errors import ComponentFailed, MissingPrograms, PortTaken
from gridobs.testbed.processes import LOOPBACK, Process, accepts, find_programs, require_free

if TYPE_CHECKING:
    from pathlib import Path


def test_a_program_is_found_under_any_of_its_names() -> None:
    assert find_programs({"python": ("no-such-python", "python3")})["python"].endswith("python3")


def test_missing_programs_are_named_together_with_the_cure() -> None:
    with pytest.raises(MissingPrograms, match=r"one, two; run `make setup`, or as root: apt-get install one two"):
        find_programs({"one": ("no-such-one",), "two": ("no-such-two",), "python": ("python3",)})


def test_every_taken_port_is_named_with_its_owner_to_be() -> None:
    with socket.socket() as first, socket.socket() as second:
        for taken in (first, second):
            taken.bind((LOOPBACK, 0))
            taken.listen()
        one, two = first.getsockname()[1], second.getsockname()[1]

        with pytest.raises(PortTaken) as error:
            require_free({"prometheus": one, "broker": two})

        assert accepts(one)
    assert f"{one} (prometheus), {two} (broker)" in str(error.value)
    assert "--base-port" in str(error.value)


def test_free_ports_are_no_complaint() -> None:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]

    require_free({"broker": port})
    assert not accepts(port)


def test_one_that_ends_early_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    process = Process("broker", [sys.executable, "-c", "raise SystemExit('port is taken')"], log=tmp_path / "log")
    process.start()

    with pytest.raises(ComponentFailed, match=r"broker ended with status 1; the end of .*\nport is taken"):
        process.wait_until(lambda: False, "get ready")


def test_one_that_ignores_the_request_to_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gridobs.testbed.processes._GRACE_SECONDS", 0.2)
    ready = tmp_path / "ready"
    script = "import signal, sys, time; signal.signal(15, signal.SIG_IGN); open(sys.argv[1], 'w'); time.sleep(60)"
    process = Process("stubborn", [sys.executable, "-c", script, str(ready)], log=tmp_path / "log")
    process.start()
    process.wait_until(ready.exists, "start")

    process.stop()

    assert not process.alive


def test_a_process_does_not_outlive_a_killed_starter(tmp_path: Path) -> None:
    starter = """
        import sys, time
        from pathlib import Path
        from gridobs.testbed.processes import Process
        process = Process("sleeper", ["sleep", "60"], log=Path(sys.argv[1]))
        process.start()
        print(process.pid, flush=True)
        time.sleep(60)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(starter), str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    ) as popen:
        assert popen.stdout is not None
        pid = int(popen.stdout.readline())
        popen.send_signal(signal.SIGKILL)

    assert gone(pid)


def gone(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False

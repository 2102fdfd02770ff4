from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[3]
SLO = (REPOSITORY / "alerts/slos/power-availability.yaml").read_text()
WRONG = SLO.replace("sum(rate(power_records_total[{{.window}}]))", "sum(power_records_total)")
WARNED = SLO.replace("sum(rate(power_records_failed_total[{{.window}}]))", "max(rate(failed_total[{{.window}}]))")
EXPIRED = (
    "{name: flood, region: north, from: '2019-03-01T22:00:00Z', to: '2019-03-04T22:00:00Z',"
    " reason: Water., approver: ops}\n"
)


def gridobs(folder: Path, *arguments: str, piped: str | None = None) -> subprocess.CompletedProcess[str]:
    """As a person runs it, in ``folder``."""
    command: list[str | Path] = [Path(sys.executable).with_name("gridobs"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, input=piped)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place with one objective and the platform alerts."""
    (tmp_path / "alerts/slos").mkdir(parents=True)
    (tmp_path / "alerts/slos/a.yaml").write_text(SLO)
    (tmp_path / "alerts/rules").mkdir()
    shutil.copy(REPOSITORY / "alerts/rules/platform.yaml", tmp_path / "alerts/rules")
    return tmp_path


def test_the_sources_of_this_repository_have_no_problem() -> None:
    done = gridobs(REPOSITORY, "validate", "alerts", "--strict")

    objectives = len(list((REPOSITORY / "alerts/slos").glob("*.yaml")))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{objectives} objectives, ")
    assert done.stdout.endswith(": no problems\n")


def test_an_error_is_told_with_its_place_code_and_cure_and_the_exit_status_is_1(folder: Path) -> None:
    (folder / "alerts/slos/a.yaml").write_text(WRONG)

    done = gridobs(folder, "validate", "alerts")

    assert done.returncode == 1
    assert [line.split(" ")[:2] for line in done.stdout.splitlines()] == [
        ["alerts/slos/a.yaml:22:22", "GO202"],
        ["alerts/slos/a.yaml:22:26", "GO203"],
    ]
    assert "; write rate(power_records_total[{{.window}}])\n" in done.stdout
    assert done.stderr == "2 problems (2 errors, 0 warnings) in 1 of 2 files\n"


def test_warnings_fail_only_when_asked(folder: Path) -> None:
    (folder / "alerts/slos/a.yaml").write_text(WARNED)

    done, strict = gridobs(folder, "validate", "alerts"), gridobs(folder, "validate", "alerts", "--strict")

    assert (done.returncode, strict.returncode) == (0, 1)
    assert done.stdout == strict.stdout
    assert done.stdout.startswith("alerts/slos/a.yaml:17:22 GO210 warning: ")
    assert done.stderr == "1 problem (0 errors, 1 warning) in 1 of 2 files\n"


def test_what_is_piped_in_is_checked(folder: Path) -> None:
    done = gridobs(folder, "validate", "-", piped=WRONG)

    assert done.returncode == 1
    assert done.stdout.startswith("stdin:22:22 GO202 ")
    assert gridobs(folder, "validate", "-", piped=SLO).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere does not exist; name a file, a folder, or - for what is piped in\n"),
        (["empty"], "empty holds no *.yaml file; name a folder with slos/, or a file\n"),
        (["alerts", "other"], "alerts and other have settings of their own; validate one after the other\n"),
        (["alerts", "--prometheus", "nonsense"], "'nonsense' is not the URL of a Prometheus; write it like"),
    ],
)
def test_what_cannot_be_checked_is_wrong_usage(folder: Path, arguments: list[str], message: str) -> None:
    (folder / "empty").mkdir()
    shutil.copytree(folder / "alerts", folder / "other")

    done = gridobs(folder, "validate", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message)


def test_an_expired_exclusion_is_a_warning_by_the_clock(folder: Path) -> None:
    (folder / "alerts/exclusions").mkdir()
    (folder / "alerts/exclusions/flood.yaml").write_text(EXPIRED)

    done = gridobs(folder, "validate", "alerts")

    assert done.returncode == 0
    assert done.stdout.startswith("alerts/exclusions/flood.yaml:1:")
    assert " GO502 warning: the exclusion 'flood' is over; " in done.stdout


def test_the_same_file_named_twice_is_read_once(folder: Path) -> None:
    done = gridobs(folder, "validate", "alerts", "alerts/slos/a.yaml", str(folder / "alerts/slos"))

    assert (done.returncode, done.stdout) == (0, "1 objective, 7 alert rules, 0 exclusions: no problems\n")


def test_a_file_is_held_against_the_settings_of_its_catalogue(folder: Path) -> None:
    (folder / "alerts/settings.yaml").write_text("retention: 7d\n")

    done = gridobs(folder / "alerts", "validate", "slos/a.yaml")

    assert done.stdout.startswith("slos/a.yaml:24:17 GO103 ")


def test_github_shows_the_problem_beside_the_line(folder: Path) -> None:
    (folder / "alerts/slos/a.yaml").write_text(WARNED)
    (folder / "alerts/slos/50%,b.yaml").write_text("a: [\n")

    lines = gridobs(folder, "validate", "alerts", "--format", "github").stdout.splitlines()

    assert lines[0].startswith("::error file=alerts/slos/50%25%2Cb.yaml,line=2,col=1,title=GO002::not valid YAML: ")
    assert lines[1].startswith("::warning file=alerts/slos/a.yaml,line=17,col=22,title=GO210::the events of")


def test_sarif_has_what_the_standard_requires(folder: Path) -> None:
    (folder / "alerts/slos/a.yaml").write_text(WARNED)
    (folder / "alerts/slos/b c.yaml").write_text("a: [\n")

    log = json.loads(gridobs(folder, "validate", "alerts", "--format", "sarif").stdout)

    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "gridobs"
    assert [rule["id"] for rule in driver["rules"]] == ["GO002", "GO210"]
    assert all(rule["shortDescription"]["text"] and rule["help"]["markdown"] for rule in driver["rules"])
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning"}
        assert result["message"]["text"]
        assert region(result)["startLine"] >= 1
        assert region(result)["startColumn"] >= 1
    assert [place(result)["artifactLocation"]["uri"] for result in run["results"]] == [
        "alerts/slos/a.yaml",
        "alerts/slos/b%20c.yaml",
    ]


def place(result: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    return result["locations"][0]["physicalLocation"]


def region(result: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    return place(result)["region"]


def test_json_and_sarif_of_what_is_clean_say_so_to_programs(folder: Path) -> None:
    done = gridobs(folder, "validate", "alerts", "--format", "json")
    sarif = gridobs(folder, "validate", "alerts", "--format", "sarif")

    assert json.loads(done.stdout) == {"problems": [], "costs": []}
    assert json.loads(sarif.stdout)["runs"][0]["results"] == []
    assert done.stderr == "1 objective, 7 alert rules, 0 exclusions: no problems\n"


def test_a_code_is_explained() -> None:
    done = gridobs(REPOSITORY, "explain", "go205")

    assert done.returncode == 0
    assert done.stdout.startswith("# GO205: A latency threshold that is no bucket edge\n")


def test_all_codes_are_listed() -> None:
    lines = gridobs(REPOSITORY, "explain").stdout.splitlines()

    assert lines[0] == "GO001  A file cannot be read"
    assert lines == sorted(lines)


def test_an_unknown_code_gets_the_nearest() -> None:
    done = gridobs(REPOSITORY, "explain", "GO2O5")

    assert (done.returncode, done.stderr) == (2, "GO2O5 is not a code; did you mean GO205?\n")
    assert gridobs(REPOSITORY, "explain", "x").stderr == "x is not a code; gridobs explain lists all\n"


def test_a_person_at_a_terminal_gets_it_set_in_columns() -> None:
    import pty  # noqa: PLC0415 - not on every system

    reader, writer = pty.openpty()
    command: list[str | Path] = [Path(sys.executable).with_name("gridobs"), "explain", "GO205"]
    done = subprocess.run(command, stdout=writer, env=os.environ | {"TERM": "xterm"}, check=False)
    os.close(writer)
    shown = os.read(reader, 65_536).decode()

    assert done.returncode == 0
    assert "\x1b[" in shown
    assert "# GO205" not in shown

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
SLO = (REPOSITORY / "alerts/slos/power-availability.yaml").read_text()


def generate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``gridobs generate`` as a person runs it, in ``folder``."""
    gridobs = Path(sys.executable).with_name("gridobs")
    return subprocess.run([gridobs, "generate", *arguments], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place with one objective and the platform alerts."""
    (tmp_path / "alerts/slos").mkdir(parents=True)
    (tmp_path / "alerts/slos/a.yaml").write_text(SLO)
    (tmp_path / "alerts/rules").mkdir()
    shutil.copy(REPOSITORY / "alerts/rules/platform.yaml", tmp_path / "alerts/rules")
    return tmp_path


def test_what_is_committed_is_what_the_sources_give() -> None:
    done = generate(REPOSITORY, "--check")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_files_are_written_once_and_reported(folder: Path) -> None:
    first, second = generate(folder), generate(folder)

    out, tests_out = "helm/gridobs-edge/files/generated", "alerts/tests/generated"
    assert first.stdout.splitlines() == [
        f"created {out}/prometheusrules/platform.yaml",
        f"created {out}/prometheusrules/power-availability.yaml",
        f"created {out}/rules/platform.yaml",
        f"created {out}/rules/power-availability.yaml",
        f"4 files in {out}, 4 changed",
        f"created {tests_out}/power-availability.yaml",
        f"1 files in {tests_out}, 1 changed",
    ]
    assert second.stdout == f"4 files in {out}, none changed\n1 files in {tests_out}, none changed\n"
    assert generate(folder, "--check").returncode == 0


def test_check_prints_the_difference_and_writes_nothing(folder: Path) -> None:
    generate(folder)
    (folder / "alerts/slos/a.yaml").write_text(SLO.replace("0.999", "0.9995"))
    shutil.move(folder / "alerts/rules/platform.yaml", folder / "alerts/rules/other.yaml")
    before = sorted((folder / "helm").rglob("*"))

    done = generate(folder, "--check")

    assert done.returncode == 1
    differing = [line for line in done.stdout.splitlines() if ": helm/" in line or ": alerts/" in line]
    assert [line.split(":")[0] for line in differing] == [*["missing", "orphaned", "stale"] * 2, "stale"]
    assert differing[-1] == "stale: alerts/tests/generated/power-availability.yaml"
    assert "-    expr: vector(0.999)\n+    expr: vector(0.9995)\n" in done.stdout
    assert done.stderr == "7 files differ from their sources; run: gridobs generate\n"
    assert sorted((folder / "helm").rglob("*")) == before


def test_an_objective_that_is_gone_takes_its_rules_with_it(folder: Path) -> None:
    (folder / "alerts/slos/b.yaml").write_text(SLO.replace("power-availability", "extra"))
    generate(folder, "--out", "out")
    (folder / "alerts/slos/b.yaml").unlink()

    told = generate(folder, "--out", "out").stdout
    assert "removed out/rules/extra.yaml" in told
    assert "removed alerts/tests/generated/extra.yaml" in told
    assert not (folder / "out/rules/extra.yaml").exists()
    assert not (folder / "alerts/tests/generated/extra.yaml").exists()


def test_the_tests_find_the_rules_from_wherever_both_are_put(folder: Path) -> None:
    generate(folder, "--out", "out/x", "--tests-out", "checks")

    assert (
        "rule_files: [../out/x/rules/power-availability.yaml]\n"
        in (folder / "checks/power-availability.yaml").read_text()
    )
    assert not (folder / "alerts/tests").exists()


def test_hand_written_tests_are_nobody_elses_to_remove(folder: Path) -> None:
    (folder / "alerts/tests").mkdir()
    (folder / "alerts/tests/mine.yaml").write_text("tests: []\n")

    done = generate(folder, "--tests-out", "alerts/tests")

    assert done.returncode == 2
    assert "alerts/tests holds files that gridobs did not write" in done.stderr
    assert (folder / "alerts/tests/mine.yaml").exists()


def test_rules_are_for_the_prometheus_that_is_named(folder: Path) -> None:
    rules = folder / "helm/gridobs-edge/files/generated/rules/power-availability.yaml"

    generate(folder)
    assert "[59m59s]" in rules.read_text()

    generate(folder, "--prometheus-version", "3")
    assert "[59m59s]" not in rules.read_text()
    assert "[1h]) > 0)" in rules.read_text()

    done = generate(folder, "--prometheus-version", "2.30")
    assert done.returncode == 2
    assert "'2.42'" in done.stderr


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a: [\n", "alerts/slos/a.yaml:2:1 GO002 not valid YAML: while parsing a flow node"),
        (
            SLO.replace("service:", "servise:"),
            "alerts/slos/a.yaml:8:3 GO006 unknown key 'servise'; did you mean 'serv",
        ),
        (
            SLO.replace("target: 0.999", "target: 1"),
            "alerts/slos/a.yaml:28:15 GO101 a target of 1 leaves no error budget",
        ),
        (
            SLO.replace("target: 0.999", "target: 0"),
            "alerts/slos/a.yaml:28:15 GO101 a target of 0 is not between 0 and 1",
        ),
        (
            SLO.replace("target: 0.999", "target: 99.9"),
            "alerts/slos/a.yaml:28:15 GO101 a target of 99.9 is a percentage; write 0.9",
        ),
        (SLO.replace("{{.window}}", "5m"), "alerts/slos/a.yaml:17:22 GO202 the query has no window [{{.window}}]"),
        (SLO.replace("kind: SLO", "kind: Servic"), "alerts/slos/a.yaml:2:7 GO011 kind 'Servic' is not supported"),
        (SLO + "---\n" + SLO, "alerts/slos/a.yaml:33:9 GO009 the name 'power-availability' is taken by"),
        ("", "alerts/slos/a.yaml:1:1 GO001 the file is empty"),
        (b"kind: \xff\n", "alerts/slos/a.yaml:1:7 GO001 the file is not UTF-8; save it as UTF-8"),
    ],
    ids=[
        "syntax",
        "unknown key",
        "target 1",
        "target 0",
        "percentage",
        "window",
        "kind",
        "duplicate",
        "empty",
        "encoding",
    ],
)
def test_bad_input_is_named_with_place_and_cure(folder: Path, content: str | bytes, expected: str) -> None:
    (folder / "alerts/slos/a.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())

    done = generate(folder)

    assert (done.returncode, done.stdout) == (2, "")
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "helm").exists()


def test_the_problems_of_objectives_and_alerts_come_together(folder: Path) -> None:
    (folder / "alerts/slos/a.yaml").write_text("")
    (folder / "alerts/rules/platform.yaml").write_text("groups: []\n")

    assert [line.split(":")[0] for line in generate(folder).stderr.splitlines()] == [
        "alerts/rules/platform.yaml", "alerts/slos/a.yaml",
    ]  # fmt: skip


def test_a_rule_file_cannot_take_the_name_of_an_objective(folder: Path) -> None:
    shutil.move(folder / "alerts/rules/platform.yaml", folder / "alerts/rules/power-availability.yaml")

    expected = (
        "alerts/rules/power-availability.yaml:1:1 GO009 the name is taken by alerts/slos/a.yaml; rename the file\n"
    )
    assert generate(folder).stderr == expected


def test_a_missing_sources_folder_says_where_to_run(tmp_path: Path) -> None:
    done = generate(tmp_path)

    assert done.returncode == 2
    assert done.stderr == (
        "alerts is not a folder; run this at the root of the repository or name one with --sources\n"
    )


def test_a_catalogue_without_objectives_removes_nothing(folder: Path) -> None:
    generate(folder)
    (folder / "alerts/slos/a.yaml").unlink()

    done = generate(folder)

    assert done.returncode == 2
    assert "alerts/slos holds no objective; write one as a *.yaml file" in done.stderr
    assert (folder / "helm/gridobs-edge/files/generated/rules/power-availability.yaml").exists()


def test_a_folder_of_somebody_else_is_refused(folder: Path) -> None:
    done = generate(folder, "--out", "alerts")

    assert done.returncode == 2
    assert "alerts holds files that gridobs did not write" in done.stderr
    assert (folder / "alerts/slos/a.yaml").exists()

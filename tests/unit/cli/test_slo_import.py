from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CASES = Path(__file__).parents[2] / "golden/importing"


def slo_import(*arguments: str | Path, given: bytes = b"") -> tuple[int, str, str]:
    """``gridobs slo import`` as a person runs it: status, output, errors."""
    gridobs = Path(sys.executable).with_name("gridobs")
    done = subprocess.run([gridobs, "slo", "import", *arguments], input=given, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_a_file_is_written_as_openslo_to_standard_output() -> None:
    case = CASES / "accepted/mixed-formats"

    assert slo_import(case / "in.yaml") == (0, (case / "out.yaml").read_text(), "")


def test_standard_input_is_read_for_a_dash() -> None:
    case = CASES / "accepted/mixed-formats"

    assert slo_import("-", given=(case / "in.yaml").read_bytes()) == (0, (case / "out.yaml").read_text(), "")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (b"a: [\n", "<stdin>:2:1 GO002 not valid YAML"),
        (b"", "<stdin>:1:1 GO001 the file is empty"),
        (b"version: prometheus/v1\nservice: a\nslos: []\n", "<stdin>:3:1 GO004 slos has 0 items"),
        (b"kind: \xff\n", "<stdin>:1:7 GO001 the file is not UTF-8"),
    ],
    ids=["syntax", "empty", "schema", "encoding"],
)
def test_problems_of_standard_input_have_its_name(given: bytes, expected: str) -> None:
    status, output, errors = slo_import("-", given=given)

    assert (status, output) == (2, "")
    assert errors.startswith(expected)
    assert "Traceback" not in errors


def test_one_problem_anywhere_keeps_everything_back() -> None:
    good = (CASES / "accepted/mixed-formats/in.yaml").read_bytes()

    status, output, errors = slo_import("-", given=good + b"---\nkind: Other\n")

    assert (status, output) == (2, "")
    assert errors.startswith("<stdin>:23:7 GO011 the document is of no format that can be imported; write ")


def test_what_cannot_be_said_is_named_with_its_place_and_a_cure() -> None:
    path = CASES / "refused/sloth-kubernetes/in.yaml"

    status, output, errors = slo_import(path)

    assert (status, output) == (2, "")
    assert errors.splitlines()[0] == (
        f"{path}:6:3 GO401 sloPlugins change the rules in ways that are not known; remove them"
    )


def test_a_file_that_is_not_there_is_no_traceback(tmp_path: Path) -> None:
    status, _, errors = slo_import(tmp_path / "absent.yaml")

    assert status == 2
    assert "the file cannot be read: No such file or directory" in errors
    assert "Traceback" not in errors

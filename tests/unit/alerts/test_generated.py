"""The generated tests are run, and cover every objective and every alert of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

REPOSITORY = Path(__file__).parents[3]
RULES = REPOSITORY / "helm/gridobs-edge/files/generated/rules"
GENERATED = sorted((REPOSITORY / "alerts/tests/generated").glob("*.yaml"))
CASES = (
    "total outage", "slow burn", "restart", "does not exist", "no traffic", "stops coming", "at night", "alone never",
    "exclusion", "ever measured",
)  # fmt: skip
WITHOUT_A_BUDGET = (
    "one bad event among many",
    *(kind for kind in CASES if kind not in ("slow burn", "at night", "alone never")),
)

Run = subprocess.CompletedProcess[str]
Alert = tuple[str, str]


@pytest.fixture(scope="module")
def runs() -> Iterator[dict[Path, Future[Run]]]:
    """Every file handed to promtool, two at a time."""
    promtool = shutil.which("promtool") or pytest.fail("promtool is not installed; run: make setup")

    def run(path: Path) -> Run:
        return subprocess.run([promtool, "test", "rules", path], capture_output=True, text=True, check=False)

    with ThreadPoolExecutor(2) as pool:
        yield {path: pool.submit(run, path) for path in GENERATED}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in GENERATED])
def test_the_rules_do_what_the_arithmetic_says(path: Path, runs: dict[Path, Future[Run]]) -> None:
    done = runs[path].result()

    assert done.returncode == 0, done.stdout + done.stderr


def alerts_of(path: Path) -> set[Alert]:
    """The name and the severity of each alert in a rule file."""
    groups = yaml.safe_load(path.read_text())["groups"]
    return {
        (rule["alert"], rule["labels"]["severity"]) for group in groups for rule in group["rules"] if "alert" in rule
    }


def alerts_that(path: Path, *, fire: bool) -> set[Alert]:
    """The alerts that fire in some case of a file of tests, or that never do in some whole case."""
    checks = [check for test in yaml.safe_load(path.read_text())["tests"] for check in test["promql_expr_test"]]
    found = [
        (re.search(r'alertname="(\w+)".*severity="(\w+)"', check["expr"]), "exp_samples" in check)
        for check in checks
        if check["expr"].startswith("count_over_time(ALERTS")
    ]
    return {(match[1], match[2]) for match, fires in found if match and fires is fire}


def test_every_objective_has_its_tests() -> None:
    objectives = {path.name for path in RULES.glob("*.yaml") if "slo-" in path.read_text()}

    assert {path.name for path in GENERATED} == objectives != set()


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in GENERATED])
def test_every_alert_of_an_objective_fires_in_one_case_and_never_in_another(path: Path) -> None:
    alerts = alerts_of(RULES / path.name)

    assert alerts
    assert alerts_that(path, fire=True) == alerts
    assert alerts_that(path, fire=False) == alerts


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in GENERATED])
def test_every_kind_of_case_is_there_or_said_not_to_be(path: Path) -> None:
    text = path.read_text()
    names = [test["name"] for test in yaml.safe_load(text)["tests"]]

    kinds = WITHOUT_A_BUDGET if any(WITHOUT_A_BUDGET[0] in name for name in names) else CASES
    assert [
        kind for kind in kinds if not any(kind in name for name in names) and f"Not run: a {kind}" not in text
    ] == []

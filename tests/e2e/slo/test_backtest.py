"""Known outages in a real Prometheus that has run no rule: the pages, and the budget to the event."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    Sample = tuple[str, Mapping[str, str], int, float]
    Serve = Callable[[Iterable[Sample]], str]

pytestmark = pytest.mark.e2e

INTERVAL = 30
PACE = 300
"""Events an evaluation."""
START = 1_770_000_000 // 86_400 * 86_400
ENTRIES = 2 * 2880
END = START + ENTRIES * INTERVAL
FIRST_OUTAGE = START + 86_400
SECOND_OUTAGE = START + 86_400 + 8 * 3600
OUTAGE_ENTRIES = 20
RESTART = START + 40_000 // INTERVAL * INTERVAL
BLIP = START + 86_400 + 18 * 3600
"""One evaluation, half of whose events fail."""

SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: records}
spec:
  service: processor
  indicator:
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: "sum(rate(failed_total[{{.window}}]))"}}}
        total: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(all_total{job="a"}[{{.window}}]))'}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.999}]
"""


def bad_at(at: int) -> int:
    """Of the evaluation at Unix second ``at``."""
    for outage in (FIRST_OUTAGE, SECOND_OUTAGE):
        if outage <= at < outage + OUTAGE_ENTRIES * INTERVAL:
            return PACE
    return PACE // 2 if at == BLIP else 0


def samples() -> Iterator[Sample]:
    """Two processors share the events; one restarts, and so counts from 0 again."""
    total = bad = 0
    for at in range(START, END + 1, INTERVAL):
        if at == RESTART:
            total = 0
        if at > START:
            total += PACE - 100
            bad += bad_at(at)
        yield "all_total", {"job": "a", "instance": "1"}, at, total
        yield "all_total", {"job": "a", "instance": "2"}, at, (at - START) // INTERVAL * 100
        yield "failed_total", {"job": "a"}, at, bad
    for at in range(SECOND_OUTAGE - 60, SECOND_OUTAGE + 3600, INTERVAL):
        yield "slo:raw_total:increase", {"slo": "records", "service": "processor"}, at + 7, 100
        yield "slo:raw_bad:increase", {"slo": "records", "service": "processor"}, at + 7, 1
        for site in ("sub-0001", "sub-0002"):
            labels = {"slo": "shared", "service": "processor", "site": site}
            yield "slo:raw_total:increase", labels, at, 100
        yield "slo:exclusion:active", {"exclusion": "work", "slo": "excused"}, at, 1


@pytest.fixture(scope="module")
def prometheus(serve: Serve) -> str:
    return serve(samples())


@pytest.fixture
def slo(tmp_path: Path) -> Path:
    path = tmp_path / "records.yaml"
    path.write_text(SLO)
    return path


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gridobs", "slo", "backtest", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "80"},
    )


def backtest(slo: Path, prometheus: str, *options: str) -> Any:  # noqa: ANN401 - JSON
    done = run(slo, f"--prometheus={prometheus}", f"--to={iso(END)}", "--json", *options, cwd=slo.parent)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)[0]


def iso(at: int) -> str:
    return dt.datetime.fromtimestamp(at, tz=dt.UTC).isoformat()


def test_each_outage_is_one_page_and_the_budget_is_exact(slo: Path, prometheus: str) -> None:
    found = backtest(slo, prometheus)
    bad = 2 * OUTAGE_ENTRIES * PACE + PACE // 2
    total = ENTRIES * PACE
    first = found["variants"][0]

    assert (found["events"], found["bad_events"], found["coverage"]) == (total, bad, 1)
    assert found["from"] == iso(START + INTERVAL)
    assert first["budget_left"] == pytest.approx(1 - bad / total / 0.001 * ENTRIES / 86_400, abs=1e-12)
    assert [(one["from"], one["to"]) for one in first["alerts"] if one["severity"] == "page"] == [
        # 2 of the 120 evaluations of 1 h are over the pace, and must be so twice; the last leaves 30 min
        (iso(outage + 2 * INTERVAL), iso(outage + (OUTAGE_ENTRIES - 1) * INTERVAL + 1800))
        for outage in (FIRST_OUTAGE, SECOND_OUTAGE)
    ]


@pytest.mark.parametrize(
    ("method", "bad"),
    [
        # an outage covers 9 minutes and half of two more; the blip is a quarter of a minute
        ("budgetingMethod: Timeslices", 2 * 11 + 1),
        ("budgetingMethod: RatioTimeslices", 2 * 10 + 0.25),
    ],
)
def test_slices_are_counted_too(slo: Path, prometheus: str, method: str, bad: float) -> None:
    target = ", timeSliceTarget: 0.9" if method.endswith(" Timeslices") else ""
    text = SLO.replace("budgetingMethod: Occurrences", method)
    slo.write_text(text.replace("{target: 0.999}", f"{{target: 0.999, timeSliceWindow: 1m{target}}}"))
    found = backtest(slo, prometheus)

    assert (found["events"], found["bad_events"]) == (ENTRIES // 2, bad)
    assert found["coverage"] == 1
    assert found["variants"][0]["pages"] == 2


def test_each_change_is_tried_by_itself(slo: Path, prometheus: str) -> None:
    found = backtest(
        slo,
        prometheus,
        "--target=0.9",
        "--alert-windows=page 1h/5m 1%",
        "--min-bad-events=100000",
        "--last=1d",
    )
    by_name = {one["name"]: one for one in found["variants"]}

    assert list(by_name) == ["as written", "target 90%", "page 1h/5m 1%", "min 100000 bad"]
    assert by_name["as written"]["pages"] == 2
    assert by_name["as written"]["pages_per_30d"] == pytest.approx(60, rel=0.001)
    assert by_name["target 90%"]["pages"] == 0
    assert by_name["target 90%"]["unreachable_tiers"] == ["page 1h/5m"]
    assert by_name["page 1h/5m 1%"]["pages"] == 2
    assert by_name["min 100000 bad"]["alerts"] == []


def test_a_coarser_step_counts_what_came_around_a_restart_too(slo: Path, prometheus: str) -> None:
    found = backtest(slo, prometheus, "--step=5m", f"--from={iso(START)}")

    assert found["events"] == ENTRIES * PACE
    assert found["bad_events"] == 2 * OUTAGE_ENTRIES * PACE + PACE // 2
    assert found["variants"][0]["pages"] == 2


def test_what_the_rules_recorded_is_read_at_whatever_offset_they_ran(slo: Path, prometheus: str) -> None:
    found = backtest(slo, prometheus, "--recorded")

    assert (found["events"], found["bad_events"]) == (122 * 100, 122)


def test_an_outage_under_an_exclusion_does_not_count(slo: Path, prometheus: str) -> None:
    slo.write_text(SLO.replace("name: records", "name: excused"))
    found = backtest(slo, prometheus)

    assert found["bad_events"] == OUTAGE_ENTRIES * PACE + PACE // 2
    assert found["variants"][0]["pages"] == 1
    assert found["excluded"] > 0


def test_recorded_series_of_several_sites_are_not_taken_for_one(slo: Path, prometheus: str) -> None:
    slo.write_text(SLO.replace("name: records", "name: shared"))
    done = run(slo, f"--prometheus={prometheus}", f"--to={iso(END)}", "--recorded", cwd=slo.parent)

    assert done.returncode == 2
    assert "holds 2 ledgers of shared; ask the Prometheus of one site" in done.stderr


def test_of_a_folder_what_has_data_is_shown_and_what_has_none_is_named(slo: Path, prometheus: str) -> None:
    (slo.parent / "a.yaml").write_text(SLO.replace("name: records", "name: silent").replace('job="a"', 'job="b"'))
    done = run(slo.parent, f"--prometheus={prometheus}", f"--to={iso(END)}", "--json", cwd=slo.parent)

    assert done.returncode == 1
    assert [one["slo"] for one in json.loads(done.stdout)] == ["records"]
    assert done.stderr.startswith("silent: no data between ")


def test_rules_run_at_the_interval_of_the_settings(slo: Path, prometheus: str, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "settings.yaml").write_text("interval: 1m\n")

    assert backtest(slo, prometheus, "--sources=mine")["interval_seconds"] == 60


def test_eighty_columns_hold_it(slo: Path, prometheus: str) -> None:
    done = run(slo, f"--prometheus={prometheus}", f"--to={iso(END)}", "--target=0.9995", cwd=slo.parent)

    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "Only 2d of the 30d the budget is for were looked at (no data before)" in " ".join(done.stdout.split())


def test_without_data_it_names_the_selector_that_gave_nothing(slo: Path, prometheus: str) -> None:
    slo.write_text(SLO.replace('job="a"', 'job="b"'))
    done = run(slo, f"--prometheus={prometheus}", f"--to={iso(END)}", cwd=slo.parent)

    assert done.returncode == 1
    assert 'all_total{job="b"} gave nothing' in done.stderr
    assert "failed_total" not in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--target=99.9"], "write it like 0.999"),
        (["--alert-windows=page 1h"], "'page 1h' is not an alert tier"),
        (["--alert-windows=page 31d/1h 5%"], "31d is not shorter than the period 30d"),
        (["--step=45s"], "not a multiple of the evaluation interval 30s"),
        (["--step=7m"], "the window 5m is not a multiple of the step"),
        (["--from=yesterday"], "write it like 2026-11-01"),
        (["--from=2026-01-01", "--last=1d"], "leave one of them out"),
        (["--from=2099-01-01"], "there is no time between --from and --to"),
        (["--sources=nowhere"], "nowhere is not a folder"),
    ],
)
def test_wrong_usage_is_said_with_its_cure(slo: Path, options: list[str], said: str) -> None:
    done = run(slo, "--prometheus=http://127.0.0.1:9", *options, cwd=slo.parent)

    assert done.returncode == 2, done.stdout
    assert said in " ".join(done.stderr.split())


def test_a_bad_file_is_refused_with_its_place(slo: Path) -> None:
    slo.write_text(SLO.replace("target: 0.999", "target: 1.999"))
    done = run(slo, "--prometheus=http://127.0.0.1:9", cwd=slo.parent)

    assert done.returncode == 2
    assert done.stderr.startswith(f"{slo}:14:")


def test_an_indicator_may_stand_in_the_sources(slo: Path, prometheus: str, tmp_path: Path) -> None:
    head, _, rest = SLO.partition("  indicator:\n")
    indicator, _, tail = rest.partition("  timeWindow")
    body = "".join(line.removeprefix("  ") for line in indicator.splitlines(keepends=True))
    slo.write_text(f"{head}  indicatorRef: counted\n  timeWindow{tail}")
    folder = tmp_path / "mine/slos"
    folder.mkdir(parents=True)
    (folder / "sli.yaml").write_text(
        f"apiVersion: openslo/v1\nkind: SLI\nmetadata: {{name: counted}}\n{body.replace('  spec', 'spec', 1)}"
    )
    (folder / "same.yaml").write_text(SLO)

    assert backtest(slo, prometheus, "--sources=mine")["variants"][0]["pages"] == 2

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from gridobs.errors import SourceError
from gridobs.rules.render import render
from gridobs.slo.exclusions import exclusion_rules, expired, load_exclusions

if TYPE_CHECKING:
    from pathlib import Path

EXCLUSION = """\
name: transformer-swap
site: sub-0001
from: 1970-01-01T01:10:00+01:00
to: 1970-01-01T00:20:00Z
reason: The transformer is swapped; the processor is off.
approver: grid-operations
"""


def write(folder: Path, text: str, name: str = "a.yaml") -> None:
    (folder / "exclusions").mkdir(exist_ok=True)
    (folder / "exclusions" / name).write_text(text)


def test_an_exclusion_is_read_with_its_times_in_unix_seconds(sources: Path) -> None:
    write(sources, EXCLUSION + "slos: [power-availability]\n")

    (one,) = load_exclusions(sources)
    assert (one.name, one.site, one.region, one.slos) == (
        "transformer-swap",
        "sub-0001",
        None,
        ("power-availability",),
    )
    assert (one.start, one.end) == (600, 1200)
    assert one.approver == "grid-operations"


def test_without_a_folder_nothing_is_excluded(tmp_path: Path) -> None:
    assert load_exclusions(tmp_path) == ()
    assert exclusion_rules(()) is None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("site: sub-0001", "", "1:1 GO005 the exclusion is nowhere; write site, region or fleet: true"),
        ("site: sub-0001", "site: a\nregion: b", "3:9 GO004 the exclusion has both site and region; keep one"),
        ("site: sub-0001", "site: a\nfleet: true", "3:8 GO004 the exclusion has both site and fleet; keep one"),
        ("site: sub-0001", "fleet: false", "2:8 GO004 fleet should be True; write fleet: true, or leave it out"),
        ("sub-0001", "'a\"}'", "2:7 GO008 'a\"}' is not a name; write the name of a site or region, e.g. sub-0001"),
        ("00:20:00Z", "00:05:00Z", "4:5 GO501 the exclusion ends before it begins; write a later time"),
        ("00:20:00Z", "00:10:00Z", "4:5 GO501 the exclusion ends before it begins; write a later time"),
        ("00:20:00Z", "00:20:00", "4:5 GO501 '1970-01-01T00:20:00' is not a time with an offset; write a time with"),
        ("01-01T00:20", "02-30T00:20", "4:5 GO501 '1970-02-30T00:20:00Z' is not a time with an offset; write"),
        (
            "1970-01-01T00:20:00Z",
            "1200",
            "4:5 GO004 to should be a valid string; put it in quotes, or write a time with",
        ),
        ("approver: grid-operations\n", "", "1:1 GO005 approver is missing; write plain text"),
        ("reason:", "reasom:", "5:1 GO006 unknown key 'reasom'; did you mean 'reason'?"),
        (
            "name: t",
            "slos: [power-availabilty]\nname: t",
            "1:8 GO010 no objective is named 'power-availabilty'; did you mean",
        ),
        ("name: t", "slos: [a1, a1]\nname: t", "1:1 GO009 an objective is named twice; name it once"),
    ],
)
def test_a_fault_is_named_with_its_place_and_cure(sources: Path, old: str, new: str, expected: str) -> None:
    assert old in EXCLUSION
    write(sources, EXCLUSION.replace(old, new))

    with pytest.raises(SourceError) as caught:
        load_exclusions(sources)
    assert any(str(one).startswith(f"{sources}/exclusions/a.yaml:{expected}") for one in caught.value.problems), str(
        caught.value
    )


def test_a_name_taken_twice_is_a_problem_that_names_the_other(tmp_path: Path) -> None:
    write(tmp_path, EXCLUSION)
    write(tmp_path, EXCLUSION, "b.yaml")

    with pytest.raises(
        SourceError, match=r"b\.yaml:1:7 GO009 the name 'transformer-swap' is taken by .*a\.yaml:1; give"
    ):
        load_exclusions(tmp_path)


def test_one_that_is_over_is_a_warning_where_its_end_is_written(tmp_path: Path) -> None:
    write(tmp_path, EXCLUSION)
    exclusions = load_exclusions(tmp_path)

    assert expired(exclusions, 1199.9) == ()
    (problem,) = expired(exclusions, 1200)
    assert problem.warning
    assert str(problem).startswith(
        f"{tmp_path}/exclusions/a.yaml:4:5 GO502 the exclusion 'transformer-swap' is over; delete"
    )


PROMTOOL = """\
rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'site_info{site="SITE",region="REGION"}', values: '1x60'}
    promql_expr_test:
"""


@pytest.mark.parametrize(
    ("where", "site", "region", "here"),
    [
        ("site: sub-0001", "sub-0001", "north", True),
        ("site: sub-0001", "sub-0002", "north", False),
        ("region: north", "sub-0002", "north", True),
        ("region: north", "sub-0002", "south", False),
        ("fleet: true", "sub-0002", "south", True),
    ],
)
def test_it_is_active_from_its_start_until_before_its_end_and_where_it_holds(
    tmp_path: Path, where: str, site: str, region: str, *, here: bool
) -> None:
    write(
        tmp_path,
        EXCLUSION.replace("site: sub-0001", where) + "---\n" + EXCLUSION.replace("transformer-swap", "other"),
    )
    exclusions = load_exclusions(tmp_path)
    rules = exclusion_rules(exclusions[:1], interval="1m")
    assert rules
    (tmp_path / "rules.yaml").write_text(render(rules, "exclusions"))
    cases = [
        f"      - {{eval_time: {minute}m, expr: 'slo:exclusion:active', exp_samples: [{samples}]}}\n"
        for minute, active in ((9, False), (10, True), (19, True), (20, False))
        for samples in [
            "{labels: 'slo:exclusion:active{exclusion=\"transformer-swap\"}', value: 1}" if active and here else ""
        ]
    ]
    test = PROMTOOL.replace("SITE", site).replace("REGION", region) + "".join(cases)
    (tmp_path / "test.yaml").write_text(test)
    promtool = shutil.which("promtool") or pytest.fail("promtool is not installed; run: make setup")
    ran = subprocess.run(
        [promtool, "test", "rules", "test.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_an_exclusion_of_some_objectives_has_a_series_for_each(sources: Path) -> None:
    write(sources, EXCLUSION + "slos: [a, b]\n")

    rules = exclusion_rules(load_exclusions(sources, slos={"a", "b"}))
    assert rules
    assert [rule.labels for rule in rules.groups[0].rules] == [
        {"exclusion": "transformer-swap", "slo": "a"},
        {"exclusion": "transformer-swap", "slo": "b"},
    ]

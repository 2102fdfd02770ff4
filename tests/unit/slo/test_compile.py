from __future__ import annotations

from decimal import Decimal

from gridobs.rules.model import AlertRule, RecordingRule, RuleFile
from gridobs.slo.compile import compile_objective
from gridobs.slo.model import BadOfTotal, CompileOptions, Objective, Rolling
from gridobs.slo.promql import Query
from gridobs.slo.windows import tables


def compiled(*, interval: str = "30s", target: str = "0.999") -> RuleFile:
    indicator = BadOfTotal(
        bad=Query.parse("sum(rate(b[{{.window}}]))"), total=Query.parse("sum(rate(t[{{.window}}]))")
    )
    objective = Objective(
        name="a", service="s", title="A", target=Decimal(target), period=Rolling("30d"), table=tables()["30d"],
        indicator=indicator, owner="grid", labels={"tier": "1"},
    )  # fmt: skip
    return compile_objective(objective, CompileOptions(interval=interval, period_interval=interval))


def recorded(rule_file: RuleFile) -> dict[str, str]:
    return {
        rule.record: rule.expr
        for group in rule_file.groups
        for rule in group.rules
        if isinstance(rule, RecordingRule)
    }


def test_the_counters_are_read_by_the_ledger_alone() -> None:
    rules = recorded(compiled())
    counted = "sum((last_over_time({0}[5m]) - last_over_time({0}[5m] offset 30s) >= 0) or "
    counted += "(last_over_time({0}[5m]) < last_over_time({0}[5m] offset 30s)))"
    total = 'sum(slo:raw_total:increase{service="s",slo="a"})'

    assert rules["slo:raw_total:increase"] == counted.format("t")
    assert rules["slo:raw_bad:increase"] == f"({counted.format('b')} or 0 * {total}) and {total}"
    assert [name for name, expr in rules.items() if "b[" in expr or "t[" in expr] == [
        "slo:raw_total:increase", "slo:raw_bad:increase",
    ]  # fmt: skip
    assert (
        'sum_over_time(slo:total:increase{service="s",slo="a"}[1h59m59s]) > 0' in rules["slo:sli_error:ratio_rate2h"]
    )


def test_the_ledger_and_its_coverage_step_by_the_interval_of_their_group() -> None:
    rules = recorded(compiled(interval="5s"))

    assert "t[5m] offset 5s" in rules["slo:raw_total:increase"]
    assert rules["slo:bad:rate5m"].endswith("[5m]) / 5")
    assert "/ 720, 1)" in rules["slo:coverage:ratio_1h"]
    assert "/ 518400, 1)" in rules["slo:coverage:ratio"]


def test_a_rule_of_a_group_comes_after_what_it_reads_there() -> None:
    for group in compiled().groups:
        names = [rule.record for rule in group.rules if isinstance(rule, RecordingRule)]
        for at, rule in enumerate(group.rules):
            later = names[at + group.name.endswith("rollup") :]  # a roll-up reads its own past
            assert not [name for name in later if name + "{" in rule.expr]


def test_only_the_info_series_carries_more_than_slo_and_service() -> None:
    for group in compiled().groups:
        for rule in group.rules:
            if isinstance(rule, RecordingRule):
                more = {"objective": "0.999", "period": "30d", "owner": "grid", "tier": "1"}
                assert rule.labels == {"slo": "a", "service": "s", **(more if rule.record == "slo_info" else {})}


def test_coverage_is_recorded_for_the_long_windows_that_alerts_read_and_no_other() -> None:
    assert {name for name in recorded(compiled(target="0.5")) if "coverage" in name} == {
        "slo:coverage:ratio", "slo:coverage:ratio_6h", "slo:coverage:ratio_3d",
    }  # fmt: skip


def test_an_alert_holds_for_one_interval_and_a_median_has_no_page() -> None:
    alerts = [
        rule
        for group in compiled(interval="5s", target="0.5").groups
        for rule in group.rules
        if isinstance(rule, AlertRule)
    ]

    assert [(alert.alert, alert.hold, alert.labels["severity"]) for alert in alerts] == [
        ("ABudgetBurn", "5s", "ticket"), ("ADataMissing", "5s", "ticket"),
    ]  # fmt: skip

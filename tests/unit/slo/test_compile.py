from __future__ import annotations

from decimal import Decimal

from gridobs.rules.model import AlertRule, RecordingRule, RuleFile
from gridobs.slo.compile import compile_objective
from gridobs.slo.model import BadOfTotal, CompileOptions, Objective
from gridobs.slo.promql import Query
from gridobs.slo.windows import tables


def compiled(*, interval: str = "30s", target: str = "0.999") -> RuleFile:
    indicator = BadOfTotal(
        bad=Query.parse("sum(rate(b[{{.window}}]))"), total=Query.parse("sum(rate(t[{{.window}}]))")
    )
    objective = Objective(
        name="a", service="s", title="A", target=Decimal(target), table=tables()["30d"], indicator=indicator,
        owner="grid", labels={"tier": "1"},
    )  # fmt: skip
    return compile_objective(objective, CompileOptions(interval=interval, period_interval=interval))


def recorded(rule_file: RuleFile) -> dict[str, str]:
    return {
        rule.record: rule.expr
        for group in rule_file.groups
        for rule in group.rules
        if isinstance(rule, RecordingRule)
    }


def test_windows_up_to_an_hour_read_the_counters_and_longer_ones_the_recorded_rates() -> None:
    rules = recorded(compiled())

    assert (
        rules["slo:sli_error:ratio_rate1h"] == "(sum(rate(b[1h])) or 0 * sum(rate(t[1h]))) / (sum(rate(t[1h])) > 0)"
    )
    assert "t[2h]" not in rules["slo:sli_error:ratio_rate2h"]
    assert 'avg_over_time(slo:total:rate5m{service="s",slo="a"}[2h]) > 0' in rules["slo:sli_error:ratio_rate2h"]


def test_counts_and_coverage_use_the_interval_of_the_rates_they_sum() -> None:
    rules = recorded(compiled(interval="5s"))

    assert rules["slo:period_bad:increase"].endswith("[30d]) * 5")
    assert "/ 720, 1)" in rules["slo:coverage:ratio_1h"]
    assert "/ 518400, 1)" in rules["slo:coverage:ratio"]


def test_a_rule_of_a_group_comes_after_what_it_reads_there() -> None:
    for group in compiled().groups:
        names = [rule.record for rule in group.rules if isinstance(rule, RecordingRule)]
        for at, rule in enumerate(group.rules):
            assert not [name for name in names[at:] if name + "{" in rule.expr]


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

    assert [(alert.hold, alert.labels["severity"]) for alert in alerts] == [("5s", "ticket")]

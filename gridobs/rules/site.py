"""Who a Prometheus is, as a series: its external labels cannot be read by its own rules."""

from __future__ import annotations

from gridobs import conventions as names
from gridobs.rules.model import RecordingRule, RuleFile, RuleGroup


def site_info(site: str, region: str) -> RuleFile:
    """The rule that records ``site_info`` with the value 1."""
    labels = {names.LABEL_SITE: site, names.LABEL_REGION: region}
    rule = RecordingRule(record=names.SITE_INFO, expr="vector(1)", labels=labels)
    return RuleFile(groups=(RuleGroup(name="site", rules=(rule,)),))

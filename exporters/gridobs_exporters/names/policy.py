"""Collector ``policy``: decisions of OPA, and what they were about."""

from __future__ import annotations

from gridobs_exporters.metric import gauge

UP = gauge("gridobs_policy_up", "TODO")

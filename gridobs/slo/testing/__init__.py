"""Evaluated tests for the rules of an objective, generated beside them.

A case says in events what happens to a site; ``traffic`` turns that into the series a Prometheus would have scraped,
``expected`` works out in plain arithmetic when which alert must fire, ``render`` writes both as a promtool file. The
arithmetic never looks at a rule, so a rule and its test cannot be wrong in the same way.
"""

from __future__ import annotations

from gridobs.slo.testing.render import unit_tests

__all__ = ["unit_tests"]

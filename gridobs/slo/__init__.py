"""Objectives: OpenSLO files to recording rules and burn-rate alerts."""

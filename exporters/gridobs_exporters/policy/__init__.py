"""Collector ``policy``."""

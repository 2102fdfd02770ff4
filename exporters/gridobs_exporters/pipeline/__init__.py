"""Collector ``pipeline``: the store a processor writes, read without ever touching it."""

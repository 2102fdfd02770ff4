"""Collector ``mqtt``: what a broker says of itself, and whether a client can come in and be served."""

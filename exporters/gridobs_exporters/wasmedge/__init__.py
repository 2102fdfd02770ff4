"""The collector ``wasmedge``."""

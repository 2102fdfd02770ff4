"""Where data goes; the values of the label ``destination_class``."""

from __future__ import annotations

from enum import StrEnum


class Destination(StrEnum):
    LOCAL = "local"
    """Within the site."""
    EXTERNAL = "external"

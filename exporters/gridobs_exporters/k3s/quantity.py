"""Kubernetes quantities: ``100m``, ``512Mi``, ``4``, ``1e3``."""

from __future__ import annotations

import re

# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity
_SUFFIXES = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip
_FORM = re.compile(r"([0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE]([+-]?[0-9]{1,2})|([numkMGTPE]|[KMGTPE]i))?")


def parse_quantity(text: object) -> float:
    """The quantity in its base unit: cores, bytes.

    Raises:
        ValueError: If this is no quantity, or a negative one, which no amount of CPU or memory is.
    """
    match = _FORM.fullmatch(str(text))
    if not match:
        raise ValueError(f"{text!r} is not a quantity")
    number, exponent, suffix = match.groups()
    return float(number) * (10.0 ** int(exponent) if exponent else _SUFFIXES[suffix or ""])

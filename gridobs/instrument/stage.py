"""The steps a record takes through a processor; the values of the label ``stage``."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    RECEIVE = "receive"
    VALIDATE = "validate"
    DEDUPLICATE = "deduplicate"
    STORE = "store"
    AGGREGATE = "aggregate"

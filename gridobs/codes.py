"""Stable codes of what can be wrong with a file, so that a person can look one up and a tool can filter by it.

A code is never reused for another meaning. ``gridobs explain CODE`` prints what it is about.
"""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """The first digit is the subject.

    0 the file and its shape, 1 objectives, 2 queries, 3 a live server, 4 imports, 5 exclusions, 6 hand-written rules,
    7 a fleet, 8 what leaves a site.
    """

    UNREADABLE = "GO001"
    INVALID_YAML = "GO002"
    AMBIGUOUS_YAML = "GO003"
    WRONG_VALUE = "GO004"
    MISSING_KEY = "GO005"
    UNKNOWN_KEY = "GO006"
    NOT_SUPPORTED = "GO007"
    INVALID_NAME = "GO008"
    DUPLICATE_NAME = "GO009"
    UNKNOWN_REFERENCE = "GO010"
    UNKNOWN_KIND = "GO011"

    TARGET_OUT_OF_RANGE = "GO101"
    INVALID_WINDOW = "GO102"
    WINDOW_EXCEEDS_RETENTION = "GO103"
    TIER_UNREACHABLE = "GO104"
    WINDOW_TOO_SHORT = "GO105"
    INVALID_SLICE = "GO106"

    INVALID_PROMQL = "GO201"
    MISSING_WINDOW = "GO202"
    NOT_A_COUNTER = "GO203"
    JOIN_NOT_ONE_TO_ONE = "GO204"
    THRESHOLD_NOT_AN_EDGE = "GO205"
    LE_SPELLING = "GO206"
    SUM_BEFORE_RATE = "GO207"
    ONE_SIDED_FALLBACK = "GO208"
    SAME_QUERY = "GO209"
    ESTIMATED_EVENTS = "GO210"
    MATCHERS_DIFFER = "GO211"
    NO_METRIC_NAME = "GO212"

    SERIES_MISSING = "GO301"
    SERIES_NOT_A_COUNTER = "GO302"
    BUCKET_MISSING = "GO303"
    EXPENSIVE_RULE = "GO304"

    NOT_EXPRESSIBLE = "GO401"

    INVALID_TIME_RANGE = "GO501"
    EXCLUSION_EXPIRED = "GO502"

    INVALID_RULE = "GO601"
    INVALID_ALERT_LABELS = "GO602"

    INVALID_ADDRESS = "GO701"
    ADDRESS_TAKEN = "GO702"
    INVALID_COORDINATES = "GO703"
    INTERVAL_TOO_LONG = "GO704"
    OUTAGE_BUDGET_TOO_SHORT = "GO705"
    INVALID_TABLE = "GO706"

    LABEL_LEAVES = "GO801"
    NOT_AN_AGGREGATE = "GO802"
    FEW_DEVICES = "GO803"
    UNBOUNDED_LABEL = "GO804"
    NOTHING_RECORDED = "GO805"

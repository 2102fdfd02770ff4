"""How a simulated edge can behave."""

from __future__ import annotations

from enum import StrEnum


class Behaviour(StrEnum):
    """One way to answer, or not to."""

    OK = "ok"
    REFUSE = "refuse"  # nothing listens
    HANG = "hang"  # connections are accepted and nothing is ever answered
    LOSSY = "lossy"  # one request of ten is answered, the others hang
    SLOW = "slow"  # the answer drips, for as many seconds as were said
    FLAPPING = "flapping"  # refuses and answers in turn, each for as many seconds as were said
    GARBAGE = "garbage"  # success, and a body that is no exposition
    BINARY = "binary"  # success, and bytes that Prometheus takes for an exposition without a sample
    HUGE = "huge"  # success, and a body of ten megabytes
    CLAIM = "claim"  # all that it tells is of another site
    RAW = "raw"  # series that no rule recorded, among its own
    FLOOD = "flood"  # twenty thousand series under names that may leave
    AHEAD = "ahead"  # its clock is an hour fast
    BEHIND = "behind"  # its clock is an hour slow


LOSSY_ANSWERS_ONE_OF = 10
SKEW_SECONDS = 3600.0
"""By which the clock is off with AHEAD and BEHIND."""

RAW_SERIES = "simulated_raw_reading_watts"
"""What an edge that tells raw series calls them; it must never be found at a hub."""

CLAIMED_SITE = "sub-victim"
"""Who an edge says it is when it claims to be another."""

FLOOD_SERIES = 20_000
HUGE_BYTES = 10_000_000

"""What can go wrong with one site, which is never the end of the others."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a site's hole stays open; the label ``reason`` of the errors."""

    UNREACHABLE = "unreachable"  # no connection, no answer in time, or TLS failed
    REFUSED = "refused"  # the gate answers, with something else than success
    BUSY = "busy"  # the gate says again and again that it is asked too much
    TOO_LARGE = "too_large"  # more bytes than the rules of a site can give
    GARBAGE = "garbage"  # not what a Prometheus answers
    FLOOD = "flood"  # more series or samples than the rules of a site can give
    REJECTED = "rejected"  # the hub takes next to nothing of what the site has
    HUB = "hub"  # the hub does not answer, or takes nothing


class Drop(StrEnum):
    """Why a series of an answer is left out; the label ``reason`` of what is dropped."""

    NAME = "name"  # may not leave a site
    LABELS = "labels"  # carries a label that may not leave a site, or a value no label may have
    IDENTITY = "identity"  # says that it is of another site
    DUPLICATE = "duplicate"  # the same series a second time
    ORDER = "order"  # its samples are not in the order of their times


class SiteFault(Exception):  # noqa: N818 - reads as the fact it states
    """A site cannot be read; ``reason`` is for counting, the text for people."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason

"""Reading Prometheus' text format of others, of which we want little.

A K3s node exposes 25,000 to 79,000 samples, and ``prometheus_client`` parses 10,000 a second. So lines are chosen by
their first bytes and only what is left is parsed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client.samples import Sample

_LONGEST_LINE = 2**20  # bytes; a target that sends no line end must not fill the memory


def choose_lines(chunks: Iterable[bytes], prefixes: tuple[bytes, ...]) -> list[bytes]:
    """The lines that start with one of ``prefixes``; chunks may end anywhere."""
    kept: list[bytes] = []
    rest = b""
    for chunk in chunks:
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()[:_LONGEST_LINE]
        kept += [line for line in lines if line.startswith(prefixes)]
    if rest.startswith(prefixes):
        kept.append(rest)
    return kept


def parse_lines(lines: Iterable[bytes]) -> tuple[list[Sample], int]:
    """The samples of ``lines``, and how many lines are none. Comments must have been left out."""
    texts = [line.decode("utf-8", "replace").strip("\r") for line in lines]
    try:
        return list(_samples(texts)), 0
    except Exception:  # noqa: BLE001 - the parser raises whatever it stumbles over; line by line finds the culprits
        return _one_by_one(texts)


def _one_by_one(texts: list[str]) -> tuple[list[Sample], int]:
    good: list[Sample] = []
    bad = 0
    for text in texts:
        try:
            good += _samples([text])
        except Exception:  # noqa: BLE001 - as above
            bad += 1
    return good, bad


def _samples(texts: list[str]) -> Iterator[Sample]:
    for family in text_string_to_metric_families("\n".join(texts) + "\n"):
        yield from family.samples

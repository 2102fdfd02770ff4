"""What leaves a site with the rules that ship, so that whoever reviews a change of it sees that it is one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from gridobs.fleet.egress import derive

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent


def test_no_more_leaves_a_site_than_was_reviewed(matches_golden: Callable[[Path, str], None]) -> None:
    egress = derive(HERE.parents[1] / "alerts")
    bounds: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for one in egress.series:
        bounds[one.name, one.labels] += one.bound

    lines = [f"{bound:3} {name} {{{', '.join(labels)}}}\n" for (name, labels), bound in sorted(bounds.items())]
    matches_golden(HERE / "egress/leaves.txt", "".join(lines) + f"{egress.bound:3} in all\n")

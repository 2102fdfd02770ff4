"""One pass of the back-fill as a process of its own, so that a test can kill it."""

from __future__ import annotations

import sys
from pathlib import Path

from gridobs.fleet.backfill.assembly import Options, assemble
from gridobs.fleet.backfill.pace import Limits
from gridobs.prometheus import Client
from tests.e2e.fleet.backfill.parts import exported, fleet_of


def main() -> None:
    hub, rate, budget, journal, *sites = sys.argv[1:]
    limits = Limits(samples=float(rate), bytes=1e9, site_samples=float(rate), site_bytes=1e9, site_questions=1e9)
    fleet = fleet_of(dict(zip(sites[::2], sites[1::2], strict=True)), outage_budget=int(budget))
    options = Options(journal=Path(journal), limits=limits, workers=2)
    assemble(fleet, exported(), Client(hub), options, tls=None).run_once()


if __name__ == "__main__":
    main()

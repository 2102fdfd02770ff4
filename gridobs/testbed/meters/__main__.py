"""Run the meter fleet: ``python -m gridobs.testbed.meters --broker HOST:PORT --ledger FILE --meters N --rate R``.

SIGUSR1 makes it corrupt payloads, SIGUSR2 makes it stop that.
"""

from __future__ import annotations

import argparse
import logging
import signal
from pathlib import Path

from gridobs.testbed.meters.fleet import Fleet
from gridobs.testbed.meters.ledger import Ledger
from gridobs.testbed.runtime import host_port, stop_on_signals


def main() -> None:
    parser = argparse.ArgumentParser(prog="meters", description=__doc__)
    parser.add_argument("--broker", type=host_port, required=True, metavar="HOST:PORT")
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--meters", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=1000.0, help="readings a second, of all meters together")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stop = stop_on_signals()
    ledger = Ledger(args.ledger)
    host, port = args.broker
    fleet = Fleet(meters=args.meters, rate=args.rate, host=host, port=port, ledger=ledger, seed=args.seed)

    def corrupting(number: int, _frame: object) -> None:
        fleet.corrupting = number == signal.SIGUSR1

    signal.signal(signal.SIGUSR1, corrupting)
    signal.signal(signal.SIGUSR2, corrupting)
    fleet.run(stop)
    ledger.close()


if __name__ == "__main__":
    main()

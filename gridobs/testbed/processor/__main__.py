"""Run the processor: ``python -m gridobs.testbed.processor --store FILE --broker HOST:PORT --metrics HOST:PORT``."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path

from gridobs.errors import GridObsError
from gridobs.instrument import serve
from gridobs.testbed.processor.checkpoint import Checkpointer
from gridobs.testbed.processor.pipeline import Pipeline
from gridobs.testbed.processor.service import Service
from gridobs.testbed.processor.store import Store, StoreError
from gridobs.testbed.runtime import host_port, stop_on_signals

SERVICE = "power-data-processor"


def main() -> None:
    parser = argparse.ArgumentParser(prog=SERVICE, description=__doc__)
    parser.add_argument("--store", type=Path, required=True, help="the SQLite file; made when missing")
    parser.add_argument("--broker", type=host_port, required=True, metavar="HOST:PORT")
    parser.add_argument(
        "--metrics", type=host_port, required=True, metavar="HOST:PORT", help="where /metrics is served"
    )
    parser.add_argument("--client-id", default=SERVICE, help="names the broker's session, so keep it over restarts")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stop = stop_on_signals()
    try:
        with serve(service=SERVICE, host=args.metrics[0], port=args.metrics[1]) as metrics:
            store = Store(args.store, clock=time.time, stopwatch=time.monotonic)
            checkpointer = Checkpointer(args.store)
            pipeline = Pipeline(store, metrics, clock=time.time, stopwatch=time.monotonic)
            Service(pipeline, metrics, host=args.broker[0], port=args.broker[1], client_id=args.client_id).run(stop)
            checkpointer.close()
            store.close()
    except (GridObsError, StoreError) as error:
        sys.exit(f"{SERVICE}: {args.store}: {error}" if isinstance(error, StoreError) else f"{SERVICE}: {error}")


if __name__ == "__main__":
    main()

"""The commands; the only code that prints, reads argv and exits."""

from __future__ import annotations

import sys


def main() -> None:
    """Run ``gridobs``; without the ``gen`` extra, say how to get it instead of a traceback."""
    try:
        from gridobs.cli.app import run  # noqa: PLC0415 - the extra is optional, so the import must be late
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in {"promql_parser", "pydantic", "rich", "typer"}:
            raise
        sys.stderr.write(f"gridobs: {error.name} is not installed; run: pip install 'gridobs[gen]'\n")
        raise SystemExit(2) from None
    run()

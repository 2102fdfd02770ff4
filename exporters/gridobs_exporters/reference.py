"""``docs/metrics.md`` from the declarations: ``python -m gridobs_exporters.reference [--check] FILE``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gridobs_exporters.names import MODULES, metrics_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gridobs_exporters.metric import Metric

_HEAD = """\
# Metrics

What `gridobs-exporter` exposes. Written by `make generate` from `exporters/gridobs_exporters/names/`.

A series whose source is silent disappears. `gridobs_<collector>_up`, the `gridobs_exporter_*` series, counters and
timestamps are always there; a timestamp of 0 is never.
"""


def reference() -> str:
    """The page, in Markdown."""
    return "".join(_page())


def _page() -> Iterator[str]:
    yield _HEAD
    for module in MODULES:
        about = (module.__doc__ or "").strip().splitlines()[0]
        yield f"\n## {about.rstrip('.')}\n\n| series | kind | meaning |\n|---|---|---|\n"
        for metric in metrics_of(module):
            yield f"| `{_series(metric)}` | {metric.kind.value} | {metric.help.replace('|', chr(92) + '|')} |\n"


def _series(metric: Metric) -> str:
    return f"{metric.name}{{{','.join(metric.labels)}}}" if metric.labels else metric.name


def main(argv: Sequence[str]) -> int:
    """0; 1 if ``--check`` was asked and the file is not what it should be."""
    path, page = Path(argv[-1]), reference()
    if "--check" not in argv:
        path.write_text(page, encoding="utf-8")
    elif not path.is_file() or path.read_text(encoding="utf-8") != page:
        sys.stderr.write(f"{path}: not what the code says; run: make generate\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

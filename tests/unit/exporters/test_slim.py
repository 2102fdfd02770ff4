"""What the exporter loads, and what it says when something is not installed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from gridobs_exporters.config.document import ConfigError
from gridobs_exporters.flags import parse
from gridobs_exporters.pipeline.kind import PIPELINE

ALLOWED = {"gridobs_exporters", "paho", "prometheus_client", "urllib3", "yaml", "_yaml"}
PROGRAM = """
import sys
before = set(sys.modules)
import gridobs_exporters.__main__
files = {name.split(".")[0] for name in set(sys.modules) - before if getattr(sys.modules[name], "__file__", None)}
print(*sorted(files - sys.stdlib_module_names))
"""


def test_nothing_is_loaded_that_an_edge_node_does_not_need() -> None:
    out = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout

    assert set(out.split()) <= ALLOWED


def test_a_collector_whose_extra_is_not_installed_says_how_to_get_it() -> None:
    kind = replace(PIPELINE, extra="wasm", needs=["sys", "no_such_module", "no_such.module"])
    with pytest.raises(ConfigError) as caught:
        parse(["--pipeline.store=a.db"], version="1", kinds=[kind])

    assert str(caught.value) == (
        "--pipeline.store: collector pipeline lacks no_such_module, no_such.module; run: pip install 'gridobs[wasm]'"
    )

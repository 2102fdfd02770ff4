"""The section of the configuration."""

from __future__ import annotations

import subprocess
import sys
from importlib import util

import pytest
from gridobs_exporters import flags
from gridobs_exporters.config.document import ConfigError
from gridobs_exporters.wasmedge import kind


def parse(*argv: str) -> flags.Settings:
    return flags.parse(argv, version="0", kinds=[kind.WASMEDGE])


def test_the_name_alone_asks_for_the_defaults() -> None:
    assert list(parse("--collector.wasmedge").collectors) == ["wasmedge"]


def test_two_sources_at_once_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"--wasmedge\.cri-socket: .*give socket or cri_socket"):
        parse("--wasmedge.socket=/a", "--wasmedge.cri-socket=/b")


def test_without_grpc_the_cure_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flags, "find_spec", lambda name: None if name == "grpclib" else util.find_spec(name))
    with pytest.raises(ConfigError, match=r"--collector\.wasmedge: .*pip install 'gridobs\[wasm\]'"):
        parse("--collector.wasmedge")


def test_grpc_is_imported_only_by_those_who_have_the_collector() -> None:
    script = (
        "import sys; from gridobs_exporters import flags; from gridobs_exporters.collectors import KINDS;"
        "flags.parse(['--pipeline.store=x.db'], version='0', kinds=KINDS);"
        "sys.exit(sum(name in sys.modules for name in ('grpclib', 'google.protobuf', 'asyncio')))"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0

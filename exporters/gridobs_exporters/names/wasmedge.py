"""Collector ``wasmedge``: containers as containerd sees them, wasm above all."""

from __future__ import annotations

from gridobs_exporters.metric import gauge

UP = gauge("gridobs_wasmedge_up", "TODO")

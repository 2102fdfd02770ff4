"""Collector ``k3s``: K3s: API server, nodes, kubelets, workloads."""

from __future__ import annotations

from gridobs_exporters.metric import gauge

UP = gauge("gridobs_k3s_up", "TODO")

"""What runs at each site besides its exporter: Prometheus, the egress gate, and what makes hubs trust them."""

from gridobs.fleet.edge.render import render
from gridobs.fleet.edge.settings import (
    EdgeSettings,
    GateSettings,
    NginxSettings,
    ReceiverSettings,
    TlsFiles,
    VictoriaSettings,
)

__all__ = [
    "EdgeSettings", "GateSettings", "NginxSettings", "ReceiverSettings", "TlsFiles", "VictoriaSettings", "render",
]  # fmt: skip

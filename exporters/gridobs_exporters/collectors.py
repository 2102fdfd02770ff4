"""The collectors and pages there are, each with its part of the configuration. Tables: nothing registers itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs_exporters.k3s.kind import K3S
from gridobs_exporters.mqtt.blackbox.kind import PROBE
from gridobs_exporters.mqtt.kind import MQTT
from gridobs_exporters.pipeline.kind import PIPELINE
from gridobs_exporters.policy.kind import POLICY
from gridobs_exporters.wasmedge.kind import WASMEDGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs_exporters.kind import CollectorKind, PageKind

KINDS: Sequence[CollectorKind] = (K3S, WASMEDGE, MQTT, PIPELINE, POLICY)
PAGES: Sequence[PageKind] = (PROBE,)

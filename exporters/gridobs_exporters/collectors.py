"""The collectors there are, each with its part of the configuration. A table, so that nothing registers itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs_exporters.mqtt.kind import MQTT
from gridobs_exporters.pipeline.kind import PIPELINE
from gridobs_exporters.policy.kind import POLICY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs_exporters.kind import CollectorKind

KINDS: Sequence[CollectorKind] = (MQTT, PIPELINE, POLICY)

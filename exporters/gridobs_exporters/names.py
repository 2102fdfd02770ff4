"""Every series name the exporter exposes, once."""

from __future__ import annotations

MQTT_PROBE_ATTEMPTS = "gridobs_mqtt_probe_attempts_total"
MQTT_PROBE_FAILURES = "gridobs_mqtt_probe_failures_total"
MQTT_PROBE_ROUNDTRIP = "gridobs_mqtt_probe_roundtrip_seconds"

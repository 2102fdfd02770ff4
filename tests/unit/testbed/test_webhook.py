"""The webhook keeps each change of state once, however often Alertmanager repeats it."""

from __future__ import annotations

import contextlib
import socket

import requests

from gridobs.testbed.webhook import Delivery, Webhook


def message(*statuses: str) -> dict[str, object]:
    """As Alertmanager's webhook sends it, version 4, cut to what is read."""
    return {
        "version": "4",
        "alerts": [
            {
                "status": status,
                "labels": {"alertname": f"Alert{number}", "severity": "page"},
                "annotations": {"summary": "It burns."},
                "startsAt": "2024-01-01T00:00:00Z",
                "fingerprint": f"{number:016x}",
            }
            for number, status in enumerate(statuses)
        ],
    }


def test_a_repeated_notification_counts_once() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with contextlib.closing(Webhook(port, clock=lambda: 7.0)) as webhook:
        for statuses in (["firing"], ["firing", "firing"], ["resolved", "firing"]):
            assert requests.post(f"http://127.0.0.1:{port}/", json=message(*statuses), timeout=5).ok

        assert [
            Delivery(7.0, "firing", "Alert0", "page", "It burns."),
            Delivery(7.0, "firing", "Alert1", "page", "It burns."),
            Delivery(7.0, "resolved", "Alert0", "page", "It burns."),
        ] == webhook.deliveries()

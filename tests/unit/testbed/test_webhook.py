"""The webhook keeps each change of state once, however often Alertmanager repeats it."""

from __future__ import annotations

import contextlib

import requests

from gridobs.testbed.webhook import Delivery, Notification, Webhook
from tests.ports import free_port


def message(*statuses: str) -> dict[str, object]:
    """As Alertmanager's webhook sends it, version 4, cut to what is read."""
    return {
        "version": "4",
        "receiver": "pager",
        "status": "firing" if "firing" in statuses else "resolved",
        "groupLabels": {"region": "east", "alertname": "Alert0"},
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
    port = free_port()
    with contextlib.closing(Webhook(port, clock=lambda: 7.0)) as webhook:
        for statuses in (["firing"], ["firing", "firing"], ["resolved", "firing"]):
            assert requests.post(f"http://127.0.0.1:{port}/", json=message(*statuses), timeout=5).ok

        assert [
            Delivery(7.0, "firing", "Alert0", "page", "It burns."),
            Delivery(7.0, "firing", "Alert1", "page", "It burns."),
            Delivery(7.0, "resolved", "Alert0", "page", "It burns."),
        ] == webhook.deliveries()


def test_every_message_is_kept_with_what_fires_in_it() -> None:
    port = free_port()
    group = (("alertname", "Alert0"), ("region", "east"))
    with contextlib.closing(Webhook(port, clock=lambda: 7.0)) as webhook:
        for statuses in (["firing", "firing"], ["resolved", "firing"], ["resolved", "resolved"]):
            assert requests.post(f"http://127.0.0.1:{port}/", json=message(*statuses), timeout=5).ok

        assert [
            Notification(7.0, "firing", group, ("Alert0", "Alert1"), 2, "pager"),
            Notification(7.0, "firing", group, ("Alert1",), 1, "pager"),
            Notification(7.0, "resolved", group, (), 0, "pager"),
        ] == webhook.notifications()

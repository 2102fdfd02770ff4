"""The end of the line: a receiver that Alertmanager delivers to, as a pager would be."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from gridobs.testbed.processes import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert's change of state, ``firing`` or ``resolved``, delivered. ``at`` is Unix seconds."""

    at: float
    status: str
    name: str
    severity: str
    summary: str


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to the pager: what a person gets, however many alerts it is about.

    Attributes:
        at: Unix seconds.
        status: ``firing`` while any of its alerts is.
        group: the labels its alerts were grouped by, sorted.
        names: of the alerts that fire in it, sorted, each once.
        firing: how many of its alerts fire.
        receiver: that it was routed to.
    """

    at: float
    status: str
    group: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    firing: int
    receiver: str


class Webhook:
    """An HTTP server that keeps what is delivered to it, each change of state once, and every message."""

    def __init__(self, port: int, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._deliveries: list[Delivery] = []
        self._notifications: list[Notification] = []
        self._seen: set[tuple[str, str, str]] = set()
        receive = self._receive

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receive(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer((LOOPBACK, port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="webhook", daemon=True)
        self._thread.start()

    def deliveries(self) -> list[Delivery]:
        with self._lock:
            return list(self._deliveries)

    def notifications(self) -> list[Notification]:
        with self._lock:
            return list(self._notifications)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _receive(self, message: dict[str, Any]) -> None:
        firing = [alert for alert in message["alerts"] if alert["status"] == "firing"]
        notification = Notification(
            at=self._clock(),
            status=message["status"],
            group=tuple(sorted(message["groupLabels"].items())),
            names=tuple(sorted({alert["labels"]["alertname"] for alert in firing})),
            firing=len(firing),
            receiver=message["receiver"],
        )
        with self._lock:
            self._notifications.append(notification)
            for alert in message["alerts"]:
                key = str(alert["fingerprint"]), str(alert["status"]), str(alert["startsAt"])
                if key in self._seen:
                    continue
                self._seen.add(key)
                labels = alert["labels"]
                self._deliveries.append(
                    Delivery(
                        at=self._clock(),
                        status=key[1],
                        name=labels["alertname"],
                        severity=labels.get("severity", ""),
                        summary=alert["annotations"].get("summary", ""),
                    )
                )

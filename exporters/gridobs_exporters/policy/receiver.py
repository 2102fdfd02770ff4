"""Where OPA sends its decision logs and status.

A batch counts as a whole or not at all. OPA sends again what was not answered with success; so what may be whole next
time is refused, and what came before is known by its decision ids and not counted again.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING

from gridobs_exporters import pages
from gridobs_exporters.names import policy as names
from gridobs_exporters.policy.batches import BatchError, Limits, TooLargeError, read, unpacked
from gridobs_exporters.policy.decisions import Decision, decision
from gridobs_exporters.policy.status import Drops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.metric import Samples
    from gridobs_exporters.pages import Request, Response, Route
    from gridobs_exporters.policy.counts import Counts
    from gridobs_exporters.policy.decisions import Meaning

log = logging.getLogger(__name__)

ACCEPTED, UNPARSEABLE, TOO_LARGE, BUSY = "accepted", "unparseable", "too_large", "busy"
_LARGEST_STATUS = 1 << 20
PATIENCE = 5.0  # seconds a batch waits for the one before it; OPA itself waits 10 s for an answer
_CHUNK = 200  # events, some 2 ms; a scrape that waits comes in between


class Receiver:
    """Takes one batch at a time, so that however many OPAs send, the memory for one is enough."""

    def __init__(
        self, counts: Counts, *, limits: Limits, meaning: Meaning, clock: Clock, patience: float = PATIENCE
    ) -> None:
        self._counts = counts
        self._limits = limits
        self._meaning = meaning
        self._clock = clock
        self._patience = patience
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._batches: Counter[str] = Counter(dict.fromkeys((ACCEPTED, UNPARSEABLE, TOO_LARGE, BUSY), 0))
        self._bytes = 0
        self._last_batch = 0.0
        self._drops = Drops()
        self._said: str | None = None

    def routes(self) -> Sequence[Route]:
        return (
            pages.Route(
                path="/logs", answer=self.logs, method="POST", below=True, body_limit=self._limits.size,
                about="decision logs of OPA",
            ),
            pages.Route(
                path="/status", answer=self.status, method="POST", below=True, body_limit=_LARGEST_STATUS,
                about="status of OPA",
            ),
        )  # fmt: skip

    def logs(self, request: Request) -> Response:
        """Take a batch. 2xx: counted; 4xx: it will never do; 503: send it again."""
        with self._lock:
            self._bytes += len(request.body)
        if not self._turn.acquire(timeout=self._patience):
            return self._refuse(BUSY, HTTPStatus.SERVICE_UNAVAILABLE, "busy with another batch; send it again")
        try:
            decisions, unparseable = self._read(request.body)
        except TooLargeError as error:
            return self._refuse(TOO_LARGE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error))
        except BatchError as error:
            return self._refuse(UNPARSEABLE, HTTPStatus.BAD_REQUEST, str(error))
        finally:
            self._turn.release()
        self._counts.take(decisions, unparseable)
        with self._lock:
            self._batches[ACCEPTED] += 1
            self._last_batch = self._clock.wall()
        self._say(None)
        return pages.text(HTTPStatus.OK, f"{len(decisions)} decisions")

    def status(self, request: Request) -> Response:
        """Take OPA's word for how many decisions it dropped."""
        try:
            status = json.loads("".join(unpacked(request.body, _LARGEST_STATUS)))
        except (ValueError, RecursionError):
            return pages.text(HTTPStatus.BAD_REQUEST, "not a status")
        with self._lock:
            known = self._drops.take(status)
        if not known:
            return pages.text(HTTPStatus.BAD_REQUEST, "not a status of an OPA: no labels.id")
        return pages.text(HTTPStatus.OK, "thank you")

    def add_to(self, samples: Samples) -> None:
        with self._lock:
            for outcome, number in self._batches.items():
                samples.add(names.BATCHES, number, outcome)
            for reason, dropped in self._drops.total.items():
                samples.add(names.OPA_DROPPED, dropped, reason)
            samples.add(names.RECEIVED_BYTES, self._bytes)
            samples.add(names.LAST_BATCH, self._last_batch)

    def _read(self, body: bytes) -> tuple[list[Decision], int]:
        found: list[Decision] = []
        unparseable = 0
        for at, event in enumerate(read(body, self._limits)):
            one = decision(event, self._meaning)
            if one is None:
                unparseable += 1
            else:
                found.append(one)
            if not at % _CHUNK:
                time.sleep(0)
        return found, unparseable

    def _refuse(self, outcome: str, status: HTTPStatus, why: str) -> Response:
        with self._lock:
            self._batches[outcome] += 1
        self._say(why)
        return pages.text(status, why)

    def _say(self, problem: str | None) -> None:
        """Log a change for the worse or the better once, and nothing of what a batch holds."""
        with self._lock:
            changed, self._said = problem != self._said, problem
        if changed:
            text = f"refused a batch of decision logs: {problem}" if problem else "decision logs are taken again"
            log.log(logging.WARNING if problem else logging.INFO, "%s", text)

"""The page: who may be asked, by which module, and how many at once."""

from __future__ import annotations

import threading
from http import HTTPStatus
from typing import TYPE_CHECKING

from gridobs_exporters.mqtt.blackbox.allow import CURE, parse_target
from gridobs_exporters.mqtt.blackbox.probe import probe
from gridobs_exporters.pages import scrape_timeout, text
from gridobs_exporters.web.metrics import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.mqtt.blackbox.allow import AllowList, Target
    from gridobs_exporters.mqtt.blackbox.module import Module
    from gridobs_exporters.pages import Request, Response

DEFAULT_MODULE = "qos1"
AT_ONCE = 8
_TIMEOUT_HEADER = "x-prometheus-scrape-timeout-seconds"


class _RefusedError(Exception):
    """A request that is not served; the text is for whoever asked."""

    def __init__(self, status: HTTPStatus, line: str) -> None:
        super().__init__(line)
        self.status = status


class ProbePage:
    """Answers ``?target=&module=`` with the series of a probe made for this request alone."""

    def __init__(self, allowed: AllowList, modules: Mapping[str, Module], *, clock: Clock) -> None:
        self._allowed = allowed
        self._modules = modules
        self._clock = clock
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def __call__(self, request: Request) -> Response:
        try:
            target, module = self._asked(request)
        except _RefusedError as refused:
            return text(refused.status, str(refused))
        if not self._places.acquire(blocking=False):
            return text(
                HTTPStatus.SERVICE_UNAVAILABLE, f"{AT_ONCE} probes are under way; ask again when one is done."
            )
        try:
            return self._probe(request, target, module)
        finally:
            self._places.release()

    def _probe(self, request: Request, target: Target, module: Module) -> Response:
        timeout = module.timeout
        if _TIMEOUT_HEADER in request.headers:
            timeout = min(timeout, scrape_timeout(request))
        began = self._clock.monotonic()
        findings = probe(target, module, timeout=timeout, clock=self._clock)
        samples = findings.samples(duration=self._clock.monotonic() - began, timeout=timeout)
        return render(samples.families()[0], request)

    def _asked(self, request: Request) -> tuple[Target, Module]:
        given = request.query.get("target", ())
        if len(given) != 1:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, f"Give one target; {CURE}.")
        try:
            target = parse_target(given[0])
        except ValueError as error:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, f"target: {error}.") from error
        names = request.query.get("module", (DEFAULT_MODULE,))
        module = self._modules.get(names[0]) if len(names) == 1 else None
        if module is None:
            there = ", ".join(self._modules)
            raise _RefusedError(HTTPStatus.BAD_REQUEST, f"No such module; give module= one of {there}.")
        if not self._allowed.allows(target):
            line = f"{target} is not among the targets of section probe of the configuration; add it there."
            raise _RefusedError(HTTPStatus.FORBIDDEN, line)
        return target, module

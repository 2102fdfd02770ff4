"""Who runs a simulation speaks to its edges through this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from gridobs.errors import ComponentFailed
from gridobs.testbed.processes import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gridobs.fleet.simulation.behaviours import Behaviour

_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCounts:
    """What one edge has seen since its start; bytes are without TLS, TCP and IP."""

    requests: int
    answered: int
    body_bytes: int
    wire_bytes: int


class Control:
    """The control port of a process of edges. Raises ComponentFailed when it does not answer."""

    def __init__(self, port: int) -> None:
        self._url = f"http://{LOOPBACK}:{port}"

    def behave(self, sites: Iterable[str], behaviour: Behaviour, *, seconds: float = 0.0) -> None:
        """Switch these sites; ``seconds`` is for behaviours that take time."""
        wanted = {site: {"behaviour": behaviour.value, "seconds": seconds} for site in sites}
        self._ask("POST", "behave", wanted)

    def counts(self) -> dict[str, SiteCounts]:
        """By site."""
        return {site: SiteCounts(**counts) for site, counts in self._ask("GET", "counts", None).items()}

    def _ask(self, method: str, path: str, content: object) -> Any:  # noqa: ANN401 - JSON
        try:
            answer = requests.request(method, f"{self._url}/{path}", json=content, timeout=_TIMEOUT_SECONDS)
            answer.raise_for_status()
            return answer.json()
        except requests.RequestException as error:
            raise ComponentFailed(f"the simulated edges did not answer: {error}") from error

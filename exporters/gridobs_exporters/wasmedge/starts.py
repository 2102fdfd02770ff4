"""How long starts take, from time stamps of containerd: what is not known is said, never guessed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CREATE_TO_START = "create_to_start"
CONTAINER_TO_START = "container_to_start"
SANDBOX = "sandbox"
POD_TO_START = "pod_to_start"
START_TO_READY = "start_to_ready"

_ABSURD = 300.0  # seconds; no start takes longer, but a clock that was set can make it seem so
_MAY_TAKE_LONG = POD_TO_START  # images are pulled and init containers run in it
_MOST = 4096  # containers remembered; kubelet allows 110 pods a node


@dataclass(slots=True)
class _Times:
    recorded: int | None = None
    created: int | None = None
    started: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One start: seconds by stage, and why a stage has none."""

    stages: Mapping[str, float] = field(default_factory=dict)
    unmeasured: Mapping[str, str] = field(default_factory=dict)


class Starts:
    """The time stamps of containers and sandboxes by id, in nanoseconds of the host's wall clock."""

    def __init__(self) -> None:
        self._times: dict[str, _Times] = {}
        self._counted_pods: dict[str, None] = {}

    def recorded(self, container: str, at: int) -> None:
        self._of(container).recorded = at

    def created(self, container: str, at: int) -> None:
        self._of(container).created = at

    def started(self, container: str, at: int) -> None:
        self._of(container).started = at

    def has_create(self, container: str) -> bool:
        times = self._times.get(container)
        return times is not None and times.created is not None

    def forget(self, container: str) -> None:
        self._times.pop(container, None)
        self._counted_pods.pop(container, None)

    def measure(self, container: str, sandbox: str) -> Start:
        """The stages of a container that started, and of its pod if it is the first of it that did."""
        times, pod = self._times.get(container, _Times()), self._times.get(sandbox, _Times())
        spans = {CREATE_TO_START: (times.created, times.started)}
        if times.recorded is not None:
            spans[CONTAINER_TO_START] = (times.recorded, times.started)
        if sandbox and self._is_first(sandbox) and pod.recorded is not None:
            spans[POD_TO_START] = (pod.recorded, times.started)
            if pod.started is not None:
                spans[SANDBOX] = (pod.recorded, pod.started)
        return measured(spans)

    def _is_first(self, sandbox: str) -> bool:
        if sandbox in self._counted_pods:
            return False
        _make_room(self._counted_pods)
        self._counted_pods[sandbox] = None
        return True

    def _of(self, container: str) -> _Times:
        if container not in self._times:
            _make_room(self._times)
            self._times[container] = _Times()
        return self._times[container]


def measured(spans: Mapping[str, tuple[int | None, int | None]]) -> Start:
    """Seconds of the spans, given as nanoseconds of beginning and end, that have both and make sense."""
    stages: dict[str, float] = {}
    unmeasured: dict[str, str] = {}
    for stage, (begin, end) in spans.items():
        if begin is None or end is None:
            unmeasured[stage] = "no_create"
        elif end < begin:
            unmeasured[stage] = "negative"
        elif end - begin > _ABSURD * 10**9 and stage != _MAY_TAKE_LONG:
            unmeasured[stage] = "absurd"
        else:
            stages[stage] = (end - begin) / 10**9
    return Start(stages=stages, unmeasured=unmeasured)


def _make_room(held: dict[str, _Times] | dict[str, None]) -> None:
    if len(held) >= _MOST:
        held.pop(next(iter(held)))

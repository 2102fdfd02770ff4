"""Starts, ends and OOM kills of wasm containers from containerd's event stream.

Nothing is replayed to a subscriber, and a stream that broke has lost what happened meanwhile. So what runs is listed
after each connect and every now and then; what is found there and was not seen to start, has an unknown start.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from gridobs_exporters.names import wasmedge as names
from gridobs_exporters.wasmedge import events
from gridobs_exporters.wasmedge.api import Containerd
from gridobs_exporters.wasmedge.identity import identify, sandbox_id
from gridobs_exporters.wasmedge.resident import Resident
from gridobs_exporters.wasmedge.starts import CREATE_TO_START, Start, Starts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.wasmedge.events import Event
    from gridobs_exporters.wasmedge.identity import Workload
    from gridobs_exporters.wasmedge.logs import Logs
    from gridobs_exporters.wasmedge.presence import Presence
    from gridobs_exporters.wasmedge.tally import Tally
    from gridobs_exporters.wasmedge.wire.events_service_pb2 import Envelope

_QUEUE = 10_000  # events; containerd would keep what is not taken from it, without end
_TICK = 1.0  # seconds between looks at the logs and at what is late
_PING = 5.0  # seconds between calls that show whether containerd answers
_LIST = 30.0  # seconds between lists of what runs
_SETTLE = 3.0  # seconds for an event that may be under way, before a list is believed
_LATE = 10.0  # seconds for a create event that comes after its start: shims send again what was not taken
_MOST_KNOWN = 4096

_Value = TypeVar("_Value")


class Watch(Resident):
    """Keeps ``Presence`` and ``Tally`` fed."""

    def __init__(
        self,
        sockets: Sequence[Path],
        *,
        namespace: str,
        wasm_handlers: Collection[str],
        presence: Presence,
        tally: Tally,
        logs: Logs,
        clock: Clock,
    ) -> None:
        super().__init__(sockets, presence=presence, tally=tally, clock=clock)
        self._namespace = namespace
        self._wasm_handlers = wasm_handlers
        self._logs = logs
        self._queue: asyncio.Queue[Envelope] = asyncio.Queue(
            _QUEUE
        )  # outlives a session: what came is not lost with it
        self._starts = Starts()
        self._known: OrderedDict[str, Workload] = OrderedDict()
        self._waiting: dict[str, tuple[Workload, int, float]] = {}  # started, its create event has not come
        self._ended: OrderedDict[str, None] = OrderedDict()  # shims may send an event twice, or a start after its end
        self._suspects: dict[str, float] = {}  # runs and was not seen to start, or ended and was not seen to
        self._listed_before = False
        self._next_list = 0.0

    async def session(self, socket: Path) -> None:
        client = Containerd(socket, namespace=self._namespace)
        try:
            version = await client.version()
            self._presence.answered(version)
            self._next_list = 0.0
            self._suspects.clear()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read(client))
                group.create_task(self._work(client))
                group.create_task(self._ping(client))
                self.connected(socket, version)
        finally:
            client.close()

    def ended(self) -> None:
        self._presence.closed()

    async def _read(self, client: Containerd) -> None:
        """Take everything off the stream at once, whatever there is to do."""
        self._presence.opened()
        losing = False
        async for envelope in client.events(events.filters(self._namespace)):
            if not self._queue.full():
                self._queue.put_nowait(envelope)
            elif not losing:
                self._presence.lost()
            losing = self._queue.full()
        raise ConnectionError("the event stream ended")

    async def _ping(self, client: Containerd) -> None:
        while True:
            await asyncio.sleep(_PING)
            with self._patience():
                self._presence.answered(await client.version())

    @contextmanager
    def _patience(self) -> Iterator[None]:
        """A containerd that hangs has lost no event: the stream is kept."""
        try:
            yield
        except TimeoutError:
            self._tally.count(names.CONNECT_FAILURES)

    async def _work(self, client: Containerd) -> None:
        tick = 0.0
        while True:
            now = self._clock.monotonic()
            if now >= self._next_list:
                with self._patience():
                    await self._list(client)
            if now >= tick:
                self._give_up_waiting()
                self._logs.read()
                tick = now + _TICK
            try:
                async with asyncio.timeout(_TICK):
                    envelope = await self._queue.get()
            except TimeoutError:
                continue
            try:
                event = events.decode(envelope)
            except ValueError:
                self._tally.count(names.UNPARSEABLE, "event")
                continue
            if event:
                self._tally.count(names.EVENTS, event.topic)
                await self._until_done(client, event)

    async def _until_done(self, client: Containerd, event: Event) -> None:
        """What the event needs to be asked for is asked until containerd answers."""
        done = False
        while not done:
            with self._patience():
                await self._on(client, event)
                done = True

    # --- events ----------------------------------------------------------------------------------------------------
    async def _on(self, client: Containerd, event: Event) -> None:
        container = event.container
        match event.topic:
            case "/containers/create":
                self._starts.recorded(container, event.at)
            case "/tasks/create":
                self._starts.created(container, event.at)
                if waiting := self._waiting.pop(container, None):
                    self._started(*waiting[:2])
            case "/tasks/start":
                self._starts.started(container, event.at)
                if workload := await self._wasm(client, container):
                    self._runs(workload, event)
            case "/tasks/exit":
                await self._exited(client, event)
            case "/tasks/oom":
                if workload := await self._wasm(client, container):
                    self._tally.count(names.OOM_EVENTS, *self._tally.labels(workload))
            case "/containers/delete":
                self._starts.forget(container)
                self._known.pop(container, None)

    def _runs(self, workload: Workload, event: Event) -> None:
        self._suspects.pop(workload.id, None)
        if workload.id not in self._ended:
            self._presence.add(workload, event.pid)
        if self._starts.has_create(workload.id):
            self._started(workload, event.at)
        else:
            self._waiting[workload.id] = (workload, event.at, self._clock.monotonic())

    def _started(self, workload: Workload, at: int) -> None:
        self._tally.started(workload, self._starts.measure(workload.id, workload.sandbox_id))
        self._logs.follow(workload, started=at, from_start=True)

    async def _exited(self, client: Containerd, event: Event) -> None:
        if waiting := self._waiting.pop(event.container, None):
            self._started(*waiting[:2])
        ran = self._presence.remove(event.container)
        workload = ran or await self._wasm(client, event.container)
        if workload is None or workload.id in self._ended:
            return
        _remember(self._ended, workload.id, None)
        if ran is None:  # it started and ended between two lists, and the event of its start was lost
            self._found(workload)
        self._tally.ended(workload, event.status)
        self._logs.leave(workload.id)

    def _give_up_waiting(self) -> None:
        now = self._clock.monotonic()
        for container, (workload, at, since) in list(self._waiting.items()):
            if now - since >= _LATE:
                del self._waiting[container]
                self._started(workload, at)

    # --- lists -----------------------------------------------------------------------------------------------------
    async def _list(self, client: Containerd) -> None:
        """Hold what runs against what was seen; two lists apart must say the same before it counts."""
        listed = await client.running()
        now = self._clock.monotonic()
        present = self._presence.running()
        differing: set[str] = set()
        for container, pid in listed.items():
            if container in present:
                continue
            workload = await self._wasm(client, container)
            if workload is None:
                continue
            if not self._listed_before:  # it ran before we came
                self._presence.add(workload, pid)
                self._logs.follow(workload, started=None, from_start=False)
            elif self._is_settled(container, now):
                self._presence.add(workload, pid)
                self._found(workload)
            else:
                differing.add(container)
        for container in present.keys() - listed.keys():
            if not self._is_settled(container, now):
                differing.add(container)
            elif gone := self._presence.remove(container):
                self._tally.ended(gone, None)
                self._logs.leave(container)
        self._suspects = {container: self._suspects.get(container, now) for container in differing}
        soon = differing or not self._listed_before or self._next_list == 0
        self._next_list = now + (_SETTLE if soon else _LIST)
        self._listed_before = True

    def _is_settled(self, container: str, now: float) -> bool:
        return now - self._suspects.get(container, now) >= _SETTLE

    def _found(self, workload: Workload) -> None:
        """A start that was not seen."""
        self._tally.started(workload, Start(unmeasured={CREATE_TO_START: "gap"}))
        self._logs.follow(workload, started=None, from_start=True)

    # --- who is who ------------------------------------------------------------------------------------------------
    async def _wasm(self, client: Containerd, container: str) -> Workload | None:
        """The workload if it is a wasm container; those gone already are counted as unidentified."""
        workload = await self._identified(client, container)
        return workload if workload and workload.wasm else None

    async def _identified(self, client: Containerd, container: str) -> Workload | None:
        if known := self._known.get(container):
            return known
        record = await client.container(container)
        if record is None:
            self._tally.count(names.UNIDENTIFIED)
            return None
        try:
            if sandbox := sandbox_id(record):
                of_pod = await self._identified(client, sandbox)
                record = record.within(of_pod.handler if of_pod else None)
            workload = identify(record, wasm_handlers=self._wasm_handlers)
        except ValueError:
            self._tally.count(names.UNPARSEABLE, "spec")
            return None
        _remember(self._known, container, workload)
        return workload


def _remember(held: OrderedDict[str, _Value], key: str, value: _Value) -> None:
    held[key] = value
    if len(held) > _MOST_KNOWN:
        held.popitem(last=False)

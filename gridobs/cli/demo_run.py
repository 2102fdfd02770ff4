"""One run of the demo: start, watch, tell, end, and count what came of it."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.live import Live

from gridobs.cli import demo_view as view
from gridobs.errors import Findings
from gridobs.testbed.scenario import READY_SECONDS, Director
from gridobs.testbed.settings import Part
from gridobs.testbed.substation import Substation
from gridobs.testbed.summary import read_latency

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridobs.testbed.audit import Audit
    from gridobs.testbed.scenario import Scenario
    from gridobs.testbed.settings import Settings
    from gridobs.testbed.story import Event

_REFRESH_SECONDS = 1.0


class DemoRun:
    """What was asked of one run, and what it showed."""

    def __init__(
        self, settings: Settings, *, once: bool, scenario: Scenario | None, duration: float | None, as_json: bool
    ) -> None:
        """Describe the run.

        Args:
            settings: of the substation.
            once: end as soon as there is something to tell.
            scenario: the fault to inject.
            duration: seconds after which to end.
            as_json: print JSON only.
        """
        self._settings = settings
        self._once, self._scenario, self._duration, self._as_json = once, scenario, duration, as_json
        self._out = Console()
        self._out.soft_wrap = not self._out.is_terminal  # a line of a log file stays one
        self._err = Console(stderr=True)
        self._began = 0.0
        self._events: list[Event] = []
        self._told = 0
        self._problems: list[str] = []

    def run(self) -> None:
        """Run, and tell what came of it.

        Raises:
            Findings: something is not as it must be; each in a line.
            KeyboardInterrupt: it was interrupted before it could be told.
        """
        self._began = time.time()
        books: Audit | None = None
        with Substation(self._settings, clock=time.time, report=self._progress) as substation, undisturbed_end():
            snapshot = self._snapshot(substation)
            try:
                with self._live() as live:
                    for _ in self._steps(substation):
                        snapshot = self._snapshot(substation)
                        self._show(live, snapshot)
            except KeyboardInterrupt:
                if self._once:
                    raise
            else:
                self._progress("stopping the meters and comparing the books")
                books = substation.settle()
            self._progress("stopping the substation")
        if books and not books.clean:
            self._problems.append(f"{books.lost} acknowledged records lost, {books.counted_twice} counted twice")
        self._conclude(snapshot, books)
        if self._problems:
            raise Findings("\n".join(f"demo: {problem}" for problem in self._problems))

    def _steps(self, substation: Substation) -> Iterator[None]:
        if self._scenario:
            director = Director(substation, self._scenario, clock=time.time)
            self._events, self._problems = director.story.events, director.story.problems
            yield from director.steps()
        elif self._once:
            yield from self._until_complete(substation)
        while not self._once and not self._over():
            substation.check()
            yield
            time.sleep(_REFRESH_SECONDS)

    def _until_complete(self, substation: Substation) -> Iterator[None]:
        while True:
            substation.check()
            incomplete = [row.name for row in substation.status() if not row.complete]
            yield  # what is shown last was read after it was found complete
            if not incomplete:
                return
            if time.time() - self._began > READY_SECONDS:
                self._problems.append(f"no value within {READY_SECONDS:.0f} s of the start: {', '.join(incomplete)}")
                return
            time.sleep(_REFRESH_SECONDS)

    def _over(self) -> bool:
        return self._duration is not None and time.time() - self._began >= self._duration

    def _snapshot(self, substation: Substation) -> view.Snapshot:
        return view.Snapshot(
            elapsed=time.time() - self._began,
            tally=substation.tally(),
            latency=read_latency(substation.prometheus),
            objectives=substation.status(),
        )

    def _live(self) -> contextlib.AbstractContextManager[Live | None]:
        if self._as_json or not self._out.is_terminal:
            return contextlib.nullcontext()
        return Live(console=self._out, auto_refresh=False, transient=True)

    def _show(self, live: Live | None, snapshot: view.Snapshot) -> None:
        if live:
            live.update(view.page(self._settings, snapshot, self._events, self._began), refresh=True)
        elif self._as_json:
            if not self._once:
                self._print_json(self._as_object(snapshot))
        else:
            for event in self._events[self._told :]:
                self._out.print(view.event_line(event, self._began))
            self._told = len(self._events)

    def _conclude(self, snapshot: view.Snapshot, books: Audit | None) -> None:
        if self._as_json:
            result = self._as_object(snapshot)
            result["events"] = [asdict(event) for event in self._events]
            result["books"] = asdict(books) if books else None
            result["problems"] = self._problems
            self._print_json(result)
            return
        headline, table = view.headline(self._settings, snapshot), view.objectives_table(snapshot.objectives)
        self._out.print(headline, "", table, "", sep="\n")
        if self._events[self._told :]:
            self._out.print(view.story(self._events[self._told :], self._began))
        if books:
            self._out.print(view.books_line(books))

    def _as_object(self, snapshot: view.Snapshot) -> dict[str, Any]:
        settings = self._settings
        return {
            "site": settings.site,
            "region": settings.region,
            "scenario": self._scenario.name if self._scenario else None,
            **asdict(snapshot),
            "urls": {part.value: settings.url(part) for part in (Part.PROMETHEUS, Part.ALERTMANAGER)},
        }

    def _print_json(self, content: object) -> None:
        print(json.dumps(content), flush=True)  # noqa: T201 - Rich would wrap it

    def _progress(self, text: str) -> None:
        self._err.print(f"{text} …", style="dim", highlight=False)


@contextlib.contextmanager
def undisturbed_end() -> Iterator[None]:
    """From its end on, signals no longer interrupt: what is being torn down is torn down whole."""
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)

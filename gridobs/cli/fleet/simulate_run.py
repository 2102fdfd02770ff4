"""One run of a simulation: start, watch, tell, end, and judge what came of it."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live

from gridobs.cli.demo_run import undisturbed_end
from gridobs.cli.fleet import simulate_view as view
from gridobs.errors import Findings
from gridobs.fleet.simulation import verdict
from gridobs.fleet.simulation.director import Director
from gridobs.fleet.simulation.station import Station

if TYPE_CHECKING:
    from gridobs.fleet.simulation.observation import Observation
    from gridobs.fleet.simulation.scenario import Scenario
    from gridobs.fleet.simulation.settings import Settings

_PIPE_WIDTH = 160


class SimulationRun:
    """What was asked of one run, and what it showed."""

    def __init__(self, settings: Settings, *, scenario: Scenario, steady: float, as_json: bool) -> None:
        """Describe the run.

        Args:
            settings: of the simulation.
            scenario: what is done.
            steady: seconds to look on before.
            as_json: print JSON only.
        """
        self._settings, self._scenario, self._steady, self._as_json = settings, scenario, steady, as_json
        self._out = Console()
        if not self._out.is_terminal:  # a line of a log file stays one
            self._out = Console(width=_PIPE_WIDTH, soft_wrap=True)
        self._err = Console(stderr=True)
        self._told = 0

    def run(self) -> None:
        """Run, and tell what came of it.

        Raises:
            Findings: a target was missed; each in a line.
            KeyboardInterrupt: it was interrupted before it could be told.
        """
        began = time.time()
        with Station(self._settings, clock=time.time, report=self._progress) as station, undisturbed_end():
            director = Director(station, self._scenario, steady=self._steady, clock=time.time)
            with self._live() as live:
                for _ in director.steps():
                    self._show(live, director, began)
            self._progress("stopping the simulation")
        seen = director.observation
        if seen is None:  # the director ends with one, or raises
            return
        checks = verdict.judge(self._settings, director.expectation, seen)
        self._conclude(director, seen, checks, began)
        missed = [f"{check.what}: {check.found}, target {check.target}" for check in checks if check.met is False]
        if missed:
            raise Findings("\n".join(f"simulate: {one}" for one in missed))

    def _live(self) -> contextlib.AbstractContextManager[Live | None]:
        if self._as_json or not self._out.is_terminal:
            return contextlib.nullcontext()
        return Live(console=self._out, auto_refresh=False, transient=True)

    def _show(self, live: Live | None, director: Director, began: float) -> None:
        if live:
            live.update(view.page(self._settings, director, began=began, now=time.time()), refresh=True)
        elif not self._as_json:
            self._tell(director, began)

    def _tell(self, director: Director, began: float) -> None:
        for event in director.events[self._told :]:
            self._out.print(view.event_line(event, began))
        self._told = len(director.events)

    def _conclude(
        self, director: Director, seen: Observation, checks: tuple[verdict.Check, ...], began: float
    ) -> None:
        if self._as_json:
            settings = self._settings
            result = {
                "sites": settings.sites,
                "series": settings.series,
                "interval": settings.interval,
                "tls": settings.tls,
                "hurry": settings.hurry,
                "scenario": self._scenario.name,
                "met": verdict.is_met(checks),
                "checks": [asdict(check) for check in checks],
                "figures": asdict(seen),
                "events": [asdict(event) for event in director.events],
            }
            print(json.dumps(result), flush=True)  # noqa: T201 - Rich would wrap it
            return
        self._tell(director, began)
        self._out.print("", view.figures_line(seen), "", view.checks_table(checks), sep="\n")

    def _progress(self, text: str) -> None:
        self._err.print(f"{text} …", style="dim", highlight=False)

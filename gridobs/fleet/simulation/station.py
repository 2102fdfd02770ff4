"""Everything that runs in a simulation: edges, hub, Alertmanager, webhook; started in order, ended in reverse."""

from __future__ import annotations

import contextlib
import functools
import shutil
import sys
from typing import TYPE_CHECKING, Self

from gridobs import artifacts
from gridobs.fleet.egress import derive
from gridobs.fleet.simulation import certificates, real_sites
from gridobs.fleet.simulation.addresses import build_fleet, is_real
from gridobs.fleet.simulation.control import Control
from gridobs.fleet.simulation.plan import EdgesPlan, PlannedSite
from gridobs.fleet.simulation.rendering import render_hub, tls_folder
from gridobs.fleet.simulation.settings import Part
from gridobs.fleet.simulation.shape import choose_series, widen
from gridobs.prometheus import Client
from gridobs.testbed.http_api import responds
from gridobs.testbed.processes import Process, accepts, find_programs, require_free
from gridobs.testbed.runtime import allow_open_files
from gridobs.testbed.webhook import Webhook

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridobs.fleet.simulation.settings import Settings

_PROGRAMS: dict[str, tuple[str, ...]] = {
    "prometheus": ("prometheus",),
    "prometheus-alertmanager": ("prometheus-alertmanager", "alertmanager"),
    "openssl": ("openssl",),
}
_PROGRAMS_OF_REAL_SITES: dict[str, tuple[str, ...]] = {"nginx": ("nginx",)}
_FILES_PER_SITE = 3
_OTHER_FILES = 512


class Station:
    """A context: inside it the simulation runs; after it nothing of it does."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float], report: Callable[[str], None]) -> None:
        """Describe it; entering the context starts it.

        Args:
            settings: what it is made of.
            clock: Unix seconds.
            report: told what is being started.
        """
        self.settings = settings
        self.fleet = build_fleet(
            sites=settings.sites, port=settings.ports[Part.EDGES], hub=settings.hub, real=settings.real
        )
        allowed = derive(settings.sources)
        self.series = choose_series(allowed, settings.series)
        self.egress = widen(allowed, self.series)
        self.control = Control(settings.ports[Part.CONTROL])
        self.prometheus = Client(settings.url(Part.PROMETHEUS))
        self._clock, self._report = clock, report
        self.real: tuple[real_sites.RealSite, ...] = ()
        self._stack = contextlib.ExitStack()
        self._running: list[Process] = []

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def check(self) -> None:
        """Check that all parts run.

        Raises:
            ComponentFailed: a part has ended.
        """
        for process in self._running:
            process.require_alive()

    @property
    def hub_pid(self) -> int:
        return self.hub.pid or 0

    @property
    def edges_pid(self) -> int:
        return self.edges.pid or 0

    def _start(self, stack: contextlib.ExitStack) -> None:
        settings, folder, ports = self.settings, self.settings.folder, self.settings.ports
        programs = find_programs(_PROGRAMS | (_PROGRAMS_OF_REAL_SITES if settings.real else {}))
        require_free(ports)
        allow_open_files(_FILES_PER_SITE * settings.sites + _OTHER_FILES, option="--sites")
        for name in ("logs", "alertmanager", "data"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        rendered = folder / "rendered"
        artifacts.write(render_hub(self.fleet, self.egress, settings), rendered)
        plan = self._plan(programs["openssl"])
        (folder / "edges.json").write_text(plan.dump(), encoding="utf-8")

        self.webhook = Webhook(ports[Part.WEBHOOK], clock=self._clock)
        stack.callback(self.webhook.close)
        module = "gridobs.fleet.simulation.edges"
        command = [sys.executable, "-m", module, str(folder / "edges.json")]
        self.edges = self._launch(stack, "edges", command, lambda: accepts(ports[Part.CONTROL]))
        self._start_real_sites(stack, programs)
        command = [
            programs["prometheus-alertmanager"],
            f"--config.file={rendered / 'hub' / 'alertmanager.yml'}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address={settings.address(Part.ALERTMANAGER)}",
            "--cluster.listen-address=",
        ]
        self._launch(stack, "alertmanager", command, self._ready(Part.ALERTMANAGER))
        command = [
            programs["prometheus"],
            f"--config.file={rendered / 'hub' / 'shard-0' / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={settings.address(Part.PROMETHEUS)}",
            "--enable-feature=extra-scrape-metrics",  # with which the alert about limits can name the site
        ]
        self.hub = self._launch(stack, "hub", command, self._ready(Part.PROMETHEUS))

    def _start_real_sites(self, stack: contextlib.ExitStack, programs: dict[str, str]) -> None:
        settings, folder = self.settings, self.settings.folder.resolve()
        self.real = real_sites.write(
            self.fleet,
            tuple(site for site in self.fleet.watched if is_real(site)),
            self.egress,
            sources=settings.sources,
            folder=folder / "real",
            tls=folder / "tls",
            ports=settings.real_ports,
        )
        for one in self.real:
            command = one.prometheus_command(programs["prometheus"])
            ready = functools.partial(responds, f"http://{one.prometheus}/-/ready")
            self._launch(stack, f"{one.site.id}-prometheus", command, ready)
            place = PlannedSite.of(one.site)
            listens = functools.partial(accepts, place.port, host=place.host)
            self._launch(stack, f"{one.site.id}-gate", one.gate_command(programs["nginx"]), listens)

    def _plan(self, openssl: str) -> EdgesPlan:
        """The plan of the edges; with TLS, its certificates are made first."""
        settings = self.settings
        folder = settings.folder.resolve() / "tls" if settings.tls else None
        plan = EdgesPlan.of(
            self.fleet,
            self.series,
            interval=settings.interval,
            control=settings.ports[Part.CONTROL],
            tls=folder,
        )
        if folder:
            self._report(f"making {settings.sites} certificates")
            real = tuple(PlannedSite.of(site) for site in self.fleet.watched if is_real(site))
            certificates.issue(folder, sites=(*plan.sites, *real), openssl=openssl)
            own = tls_folder(settings.folder)
            own.mkdir(exist_ok=True)
            for source, target in (
                ("ca.crt", "ca.crt"),
                (f"{certificates.HUB}.crt", "tls.crt"),
                (f"{certificates.HUB}.key", "tls.key"),
            ):
                shutil.copy(folder / source, own / target)
        return plan

    def _ready(self, part: Part) -> Callable[[], bool]:
        return lambda: responds(f"{self.settings.url(part)}/-/ready")

    def _launch(
        self, stack: contextlib.ExitStack, name: str, command: list[str], ready: Callable[[], bool]
    ) -> Process:
        self._report(f"starting {name}")
        process = Process(name, command, log=self.settings.folder / "logs" / f"{name}.log")
        stack.callback(process.stop)
        process.start()
        process.wait_until(ready, "get ready")
        self._running.append(process)
        return process

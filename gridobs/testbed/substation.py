"""The substation: every part of it, started in order, watched, and ended in reverse."""

from __future__ import annotations

import contextlib
import shutil
import time
from typing import TYPE_CHECKING, Self

import requests

from gridobs.conventions import POWER_BROKER_CONNECTED
from gridobs.errors import UsageError
from gridobs.rules.handwritten import load_rules
from gridobs.rules.render import render
from gridobs.rules.site import site_info
from gridobs.slo.catalogue import compile_catalogue
from gridobs.slo.exclusions import exclusion_rules, load_exclusions
from gridobs.slo.model import CompileOptions
from gridobs.testbed import commands, configuration
from gridobs.testbed.audit import Audit, audit
from gridobs.testbed.http_api import PrometheusApi, responds
from gridobs.testbed.meters.ledger import Tally, read_tally
from gridobs.testbed.processes import Process, accepts, find_programs, require_free
from gridobs.testbed.runtime import allow_open_files
from gridobs.testbed.settings import Part, Settings
from gridobs.testbed.status import ObjectiveStatus, read_status
from gridobs.testbed.webhook import Webhook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PROGRAMS = {
    "mosquitto": ("mosquitto",),
    "prometheus": ("prometheus",),
    "prometheus-alertmanager": ("prometheus-alertmanager", "alertmanager"),
}
_NOT_HERE = {"k3s", "wasmedge"}  # services of a cluster, which this one machine is not
_MARKER = ".gridobs-demo"
_DRAIN_SECONDS = 60.0
_OTHER_FILES = 256  # of a broker, beside its connections


class Substation:
    """A context: inside it the substation runs; after it nothing of it does."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float], report: Callable[[str], None]) -> None:
        """Describe it; entering the context starts it.

        Args:
            settings: what it is made of.
            clock: Unix seconds.
            report: told what is being started.
        """
        self.settings = settings
        self._report = report
        self.prometheus = PrometheusApi(settings.url(Part.PROMETHEUS))
        self._clock = clock
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
            ComponentFailed: a part that should run has ended.
        """
        for process in self._running:
            process.require_alive()

    def expect_down(self, process: Process) -> None:
        """From now on ``check`` does not miss this part."""
        self._running.remove(process)

    def expect_up(self, process: Process) -> None:
        self._running.append(process)

    def tally(self) -> Tally:
        return read_tally(self.settings.ledger)

    def status(self) -> list[ObjectiveStatus]:
        """How each objective stands.

        Raises:
            ComponentFailed: Prometheus did not answer.
        """
        return read_status(self.prometheus, self.objectives)

    def settle(self) -> Audit:
        """Stop the meters, let the processor finish what is on its way, and compare the books."""
        self.expect_down(self.meters)
        self.meters.stop()
        until = time.monotonic() + _DRAIN_SECONDS
        while True:
            books = audit(ledger=self.settings.ledger, store=self.settings.store)
            if books.lost == 0 or time.monotonic() > until:
                return books
            self.check()
            time.sleep(0.5)

    def _start(self, stack: contextlib.ExitStack) -> None:
        settings, folder, ports = self.settings, self.settings.folder, self.settings.ports
        programs = find_programs(_PROGRAMS)
        interval = configuration.SCRAPE_INTERVAL
        options = CompileOptions(interval=interval, period_interval=interval, rollup_interval=interval)
        catalogue = [
            one for one in compile_catalogue(settings.sources, options) if one.objective.service not in _NOT_HERE
        ]
        self.objectives = [compiled.objective for compiled in catalogue]
        require_free(ports)
        allow_open_files(settings.meters + _OTHER_FILES)
        for name in ("store", "broker", "alertmanager", "prometheus/data", "prometheus/rules", "logs"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        rule_files = {compiled.name: compiled.text for compiled in catalogue}
        rule_files |= {rules.name: rules.text for rules in load_rules(settings.sources)}
        rule_files["site-info"] = render(site_info(settings.site, settings.region), "the testbed's settings")
        exclusions = load_exclusions(settings.sources, slos=[one.name for one in self.objectives])
        if excluded := exclusion_rules(exclusions, interval=interval):
            rule_files["exclusions"] = render(excluded, "exclusions")
        for name, text in rule_files.items():
            (folder / "prometheus" / "rules" / f"{name}.yaml").write_text(text)

        self.webhook = Webhook(ports[Part.WEBHOOK], clock=self._clock)
        stack.callback(self.webhook.close)
        self._start_workload(stack, programs["mosquitto"])
        self._start_alerting(stack, programs)
        self.meters = self._launch(stack, "meters", commands.meters(settings), lambda: self.tally().connected > 0)

    def _start_workload(self, stack: contextlib.ExitStack, mosquitto: str) -> None:
        settings, folder = self.settings, self.settings.folder
        config = folder / "mosquitto.conf"
        port = settings.ports[Part.BROKER]
        config.write_text(configuration.mosquitto(port=port, folder=str(folder / "broker")))
        self.broker = self._launch(stack, "broker", commands.broker(mosquitto, config), lambda: accepts(port))
        self.processor = self._launch(stack, "processor", commands.processor(settings), self.processor_connected)
        self.exporter = self._launch(stack, "exporter", commands.exporter(settings), self._ready(Part.EXPORTER))

    def _start_alerting(self, stack: contextlib.ExitStack, programs: dict[str, str]) -> None:
        settings, folder, ports = self.settings, self.settings.folder, self.settings.ports
        config = folder / "alertmanager.yml"
        config.write_text(configuration.alertmanager(webhook=ports[Part.WEBHOOK]))
        command = commands.alertmanager(programs["prometheus-alertmanager"], settings, config)
        self._launch(stack, "alertmanager", command, self._ready(Part.ALERTMANAGER))
        config = folder / "prometheus" / "prometheus.yml"
        config.write_text(
            configuration.prometheus(
                site=settings.site,
                region=settings.region,
                processor=ports[Part.PROCESSOR],
                exporter=ports[Part.EXPORTER],
                alertmanager=ports[Part.ALERTMANAGER],
            )
        )
        command = commands.prometheus(programs["prometheus"], settings, config)
        self._launch(stack, "prometheus", command, self._ready(Part.PROMETHEUS))

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

    def processor_connected(self) -> bool:
        """Whether the processor says that it is connected to the broker."""
        try:
            text = requests.get(f"{self.settings.url(Part.PROCESSOR)}/metrics", timeout=5).text
        except requests.RequestException:
            return False
        return f"{POWER_BROKER_CONNECTED} 1.0" in text.splitlines()


def claim_folder(folder: Path) -> None:
    """Make the folder, or empty one that an earlier run has claimed.

    Raises:
        UsageError: it holds something that is not ours to remove, or cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        content = list(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder} cannot hold the data: {error.strerror}; name another with --dir") from None
    if content and folder / _MARKER not in content:
        raise UsageError(f"{folder} is not empty and not made by an earlier demo; name another with --dir")
    for path in content:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    (folder / _MARKER).touch()

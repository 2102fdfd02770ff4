"""``gridobs demo``: one substation on this machine, from real messages to a real page."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridobs.cli.demo_run import DemoRun
from gridobs.cli.durations import seconds
from gridobs.errors import ComponentFailed, Findings, UsageError
from gridobs.testbed.scenario import SCENARIOS, ScenarioName
from gridobs.testbed.settings import Settings
from gridobs.testbed.substation import claim_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMESPACE = "GRIDOBS_DEMO_NAMESPACE"
_STORE_BASE_BYTES = 128e6
_STORE_BYTES_PER_RECORD = 400
_STORE_SECONDS = 600
_INTERRUPTED = 130  # as a shell reports SIGINT


def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Show how every objective stands once, tear down, exit.")
    ] = False,
    scenario: Annotated[
        ScenarioName | None, typer.Option(help="Inject a real fault and tell what came of it.", show_default=False)
    ] = None,
    duration: Annotated[
        float | None, typer.Option("--for", parser=seconds, metavar="DURATION", help="End after, such as 10m.")
    ] = None,
    rate: Annotated[
        float, typer.Option(min=1, max=100_000, help="Readings a second, of all meters together.")
    ] = 1000,
    meters: Annotated[int, typer.Option(min=1, max=20_000, help="Meters, each with its own connection.")] = 2000,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--dir", help="Keep the data here, in place of an earlier run's. [default: a temporary folder, removed]"
        ),
    ] = None,
    base_port: Annotated[int, typer.Option(min=1024, max=65_000, help="First of six ports on 127.0.0.1.")] = 17700,
    sources: Annotated[Path, typer.Option(help="The folder with slos/ and rules/.")] = Path("alerts"),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON: a line a second, or one object with --once.")
    ] = False,
) -> None:
    """Observe one substation end to end: broker, meters, processor, exporter, Prometheus, Alertmanager.

    Everything is real and runs on this machine, on its own ports and in its own folder. Ctrl-C ends it.
    """
    if once and duration is not None:
        raise UsageError("--once ends by itself; leave out --for")
    chosen = next((one for one in SCENARIOS if one.name is scenario), None)
    own_file_system = scenario is ScenarioName.DISK_FULL
    if own_file_system:
        _enter_own_namespace()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _data_folder(folder) as path:
        claim_folder(path)
        settings = Settings(folder=path.resolve(), sources=sources, base_port=base_port, meters=meters, rate=rate)
        try:
            with _own_file_system(settings) if own_file_system else contextlib.nullcontext():
                DemoRun(settings, once=once, scenario=chosen, duration=duration, as_json=as_json).run()
        except KeyboardInterrupt:
            raise typer.Exit(_INTERRUPTED) from None


def _enter_own_namespace() -> None:
    """Run this same command in a mount namespace of its own, which the kernel removes with it.

    There a file system can be mounted that nobody else sees, also by those who are not root.
    """
    if os.environ.get(_NAMESPACE):
        return
    unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--"]
    trial = subprocess.run([*unshare, "true"], capture_output=True, text=True, check=False)
    if trial.returncode != 0:
        raise UsageError(
            f"{ScenarioName.DISK_FULL} fills a file system of its own, and this user may not make one"
            f" ({trial.stderr.strip()}); run it as root"
        )
    os.environ[_NAMESPACE] = "1"
    os.execvp(unshare[0], [*unshare, sys.executable, "-m", "gridobs", *sys.argv[1:]])  # noqa: S606 - no shell wanted


@contextlib.contextmanager
def _own_file_system(settings: Settings) -> Iterator[None]:
    """A small one for the store, for as long as the context lasts."""
    store = settings.store.parent
    store.mkdir(parents=True, exist_ok=True)
    size = int(_STORE_BASE_BYTES + settings.rate * _STORE_BYTES_PER_RECORD * _STORE_SECONDS)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "gridobs-demo", store], check=True)  # noqa: S607 - util-linux
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", store], check=True)  # noqa: S607 - util-linux


@contextlib.contextmanager
def _data_folder(folder: Path | None) -> Iterator[Path]:
    """The folder asked for; else a temporary one, removed unless something failed in it."""
    if folder:
        yield folder
        return
    path = Path(tempfile.mkdtemp(prefix="gridobs-demo-"))
    keep = False
    try:
        yield path
    except (ComponentFailed, Findings):
        keep = True
        sys.stderr.write(f"the data and logs of this run are kept in {path}\n")
        raise
    finally:
        if not keep:
            shutil.rmtree(path, ignore_errors=True)

"""What the exporter reads while its cost is measured: real programs, and a stand-in where K3s cannot run."""

from __future__ import annotations

import copy
import socket
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from bench.k3s_filter import server_answer
from gridobs.testbed import commands, configuration
from gridobs.testbed.processes import Process, accepts, find_programs
from gridobs.testbed.settings import Part, Settings
from tests.e2e.exporters.wasmedge.containerd import CannotRunError, running_containerd
from tests.unit.exporters.conftest import Hands
from tests.unit.exporters.k3s.standin import Answer, Certificates, Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RATE = 200.0  # readings a second
_NODES, _PODS, _WASM_PODS = 10, 200, 5
_PARTS = 6  # ports a substation needs in a row


@contextmanager
def substation(folder: Path) -> Iterator[dict[str, Any]]:
    """A broker, a processor and its store, and meters; the sections ``mqtt`` and ``pipeline``."""
    settings = Settings(folder=folder, sources=folder, base_port=_free_ports(), meters=50, rate=RATE)
    for name in ("store", "broker"):
        (folder / name).mkdir()
    config = folder / "mosquitto.conf"
    config.write_text(configuration.mosquitto(port=settings.ports[Part.BROKER], folder=str(folder / "broker")))
    program = find_programs({"mosquitto": ("mosquitto",)})["mosquitto"]
    broker = Process("broker", commands.broker(program, config), log=folder / "broker.log")
    processor = Process("processor", commands.processor(settings), log=folder / "processor.log")
    meters = Process("meters", commands.meters(settings), log=folder / "meters.log")
    url = f"mqtt://{settings.address(Part.BROKER)}"
    try:
        broker.start()
        broker.wait_until(lambda: accepts(settings.ports[Part.BROKER]), "listen")
        processor.start()
        processor.wait_until(settings.store.exists, "make its store")
        meters.start()
        yield {
            "mqtt": {"brokers": [{"url": url, "sys_interval": f"{configuration.BROKER_SYS_SECONDS}s"}]},
            "pipeline": {"stores": [{"path": str(settings.store), "canary": {"broker": {"url": url}}}]},
        }
    finally:
        for process in (meters, processor, broker):
            process.stop()


@contextmanager
def k3s(folder: Path) -> Iterator[dict[str, Any]]:
    """Ten nodes that are none; the kubelet of the first writes 4 MB, as a server's does."""
    certificates = Certificates(folder)
    site = Site(folder, certificates, Hands())
    try:
        site.grow(_NODES)
        site.list("/api/v1/pods", _pods(site.listed("/api/v1/pods")))
        next(iter(site.kubelets.values())).answers["/metrics"] = Answer(body=server_answer(), compress=True)
        section = site.values()
        yield {"k3s": {name: section[name] for name in ("api", "token_file", "ca_file")}}
    finally:
        site.stop()


@contextmanager
def wasmedge(_folder: Path) -> Iterator[dict[str, Any]]:
    """A real containerd with wasm handlers that runc serves; nothing where it cannot run."""
    with ExitStack() as stack:
        try:
            site = stack.enter_context(running_containerd())
        except CannotRunError:
            yield {}
            return
        for number in range(_WASM_PODS):
            site.run(f"bench-{number}", "while true; do sleep 1; done")
        yield {"wasmedge": {"socket": str(site.socket), "log_root": str(site.logs)}}


SURROUNDINGS = (substation, k3s, wasmedge)


def _pods(some: list[dict[str, Any]]) -> list[dict[str, Any]]:
    pods = []
    for number in range(_PODS):
        pod = copy.deepcopy(some[number % len(some)])
        pod["metadata"]["name"] = f"pod-{number}"
        pods.append(pod)
    return pods


def _free_ports() -> int:
    """The first of some ports in a row that nobody has."""
    for base in range(21000, 60000, 100):
        if not any(accepts(base + number) for number in range(_PARTS)):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", base))
            return base
    raise RuntimeError("no free ports")

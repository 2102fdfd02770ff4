"""Which containers are wasm, by what told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gridobs_exporters.wasmedge.identity import Record, Workload, identify, log_below, sandbox_id

HANDLERS = frozenset({"wasmedge"})
RUNC = "io.containerd.runc.v2"


def identified(
    *, runtime: str = RUNC, handler: str | None = None, arguments: tuple[str, ...] = (), **annotations: str
) -> Workload:
    spec = {"annotations": annotations, "process": {"args": list(arguments)}, "linux": {"cgroupsPath": "/k8s.io/c1"}}
    record = Record(id="c1", runtime=runtime, spec=json.dumps(spec).encode(), sandbox_handler=handler)
    return identify(record, wasm_handlers=HANDLERS)


@pytest.mark.parametrize(
    ("facts", "handler"),
    [
        ({"handler": "wasmedge"}, "wasmedge"),
        ({"runtime": "io.containerd.wasmedge.v1"}, "wasmedge"),
        ({"runtime": "io.containerd.wasmedge.v2", "handler": "wasm-edge"}, "wasm-edge"),
        ({"io.containerd.cri.runtime-handler": "wasmedge"}, "wasmedge"),
        ({"run.oci.handler": "wasm"}, "crun"),
        ({"run.oci.handler": "wasm", "handler": "crun"}, "crun"),
        ({"module.wasm.image/variant": "compat", "handler": "crun"}, "crun"),
        ({"module.wasm.image/variant": "compat-smart", "arguments": ("meter.wasm",)}, "crun"),
        ({"run.oci.handler": "wasm-smart", "arguments": ("/app/meter.wat", "-v")}, "crun"),
    ],
)
def test_a_wasm_container_is_found_by_each_of_its_marks(facts: dict[str, Any], handler: str) -> None:
    workload = identified(**facts)

    assert (workload.wasm, workload.handler) == (True, handler)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"handler": "crun"},
        {"runtime": "io.containerd.wasmedge.v3"},
        {"runtime": "io.containerd.wasmtime.v1"},
        {"run.oci.handler": "krun"},
        {"module.wasm.image/variant": "compat-smart", "arguments": ("/bin/sh", "meter.wasm")},
        {"run.oci.handler": "wasm-smart"},
        {"handler": "wasmedge", "io.kubernetes.cri.container-type": "sandbox"},
    ],
)
def test_others_and_sandboxes_are_not_wasm(facts: dict[str, Any]) -> None:
    assert not identified(**facts).wasm


def test_a_sandbox_tells_the_handler_of_its_pod_by_cri_s_own_metadata() -> None:
    spec = json.dumps({"annotations": {"io.kubernetes.cri.sandbox-id": "s1"}}).encode()
    metadata = json.dumps({"Version": "v1", "Metadata": {"RuntimeHandler": "wasmedge"}}).encode()
    record = Record(id="s1", runtime=RUNC, spec=spec, metadata=metadata, kind="sandbox")
    workload = identify(record, wasm_handlers=HANDLERS)

    assert sandbox_id(record) == ""
    assert (workload.sandbox, workload.wasm, workload.handler) == (True, False, "wasmedge")


def test_a_container_outside_of_kubernetes_goes_by_its_id() -> None:
    workload = identified(runtime="io.containerd.wasmedge.v1")

    assert (workload.namespace, workload.pod, workload.container) == ("", "", "c1")
    assert workload.cgroups_path == "/k8s.io/c1"


def test_a_log_is_looked_for_below_the_root_that_is_configured() -> None:
    assert log_below("/var/log/pods/power_meter-0_u/app/0.log") == "power_meter-0_u/app/0.log"
    assert log_below("0.log") == ""
    assert log_below("/a/../0.log") == ""
    assert log_below("") == ""

"""Pods: ``GET /api/v1/pods``, added up while they are read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gridobs_exporters.k3s.capacity import Resources, pod_limits, pod_requests
from gridobs_exporters.k3s.objects import count, mapping, objects, text

if TYPE_CHECKING:
    from collections.abc import Collection

    from gridobs_exporters.k3s.objects import Object

PATH = "/api/v1/pods"
PHASES = ("Pending", "Running", "Succeeded", "Failed")  # Unknown is deprecated and never set
RUNTIMES = ("other", "wasm")
# The WebAssembly classes of K3s' manifests/runtimes.yaml, and the name its users give to crun with WasmEdge.
WASM_CLASSES = ("crun-wasm", "lunatic", "slight", "spin", "wasmedge", "wasmer", "wasmtime", "wws")

# Reasons of waiting that are faults (kubelet's images/types.go, container/sync_result.go, kuberuntime).
_REASONS = {
    "CrashLoopBackOff": "CrashLoopBackOff",
    "ImagePullBackOff": "ImagePull",
    "ErrImagePull": "ImagePull",
    "ErrImageNeverPull": "ImagePull",
    "InvalidImageName": "ImagePull",
    "CreateContainerConfigError": "CreateContainer",
    "CreateContainerError": "CreateContainer",
    "RunContainerError": "CreateContainer",
}
REASONS = tuple(sorted(set(_REASONS.values())))


@dataclass(slots=True)
class PodFacts:
    """``restarts`` are by container, as its pod's UID and its name, with the runtime."""

    phases: Counter[tuple[str, str]] = field(
        default_factory=lambda: Counter(dict.fromkeys([(phase, rt) for phase in PHASES for rt in RUNTIMES], 0))
    )
    waiting: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(REASONS, 0)))
    restarts: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    requests: Resources = field(default_factory=Resources)
    limits: Resources = field(default_factory=Resources)

    def add(self, pod: Object, *, wasm_classes: Collection[str]) -> None:
        """Count a pod.

        Raises:
            ValueError: If it makes no sense; nothing of it is counted then.
        """
        spec, status = mapping(pod, "spec"), mapping(pod, "status")
        phase, uid = text(status.get("phase")), text(mapping(pod, "metadata").get("uid"))
        if phase not in PHASES:
            raise ValueError(f"{phase!r} is not a phase")
        runtime = "wasm" if text(spec.get("runtimeClassName")) in wasm_classes else "other"
        containers = objects(status.get("initContainerStatuses")) + objects(status.get("containerStatuses"))
        restarts = {(uid, text(one.get("name"))): (runtime, count(one.get("restartCount"))) for one in containers}
        requests, limits = pod_requests(spec), pod_limits(spec)
        self.phases[phase, runtime] += 1
        self.restarts |= restarts
        if phase in {"Pending", "Running"}:
            reasons = (text(mapping(one, "state", "waiting").get("reason")) for one in containers)
            self.waiting.update(_REASONS[reason] for reason in reasons if reason in _REASONS)
            if spec.get("nodeName"):
                self.requests += requests
                self.limits += limits

"""Which containers run wasm, and what they are called in Kubernetes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_RUNWASI = re.compile(r"io\.containerd\.wasmedge\.v[12]")  # v1 with its own service, v2 with a shim a pod
_CRI = "io.kubernetes.cri."
_RUNTIME_HANDLER = "io.containerd.cri.runtime-handler"
# What crun 1.8.5 looks at, and what of it means wasm; with "-smart" only if the program ends like a module.
_CRUN = {
    "run.oci.handler": ("wasm", "wasm-smart"),
    "module.wasm.image/variant": ("compat", "compat-smart"),
}
_MODULES = (".wasm", ".wat")
_LOG_PARTS = 3  # <namespace>_<pod>_<uid>/<container>/<attempt>.log


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A container or a pod's sandbox. ``handler`` is the runtime handler; empty is the default one.

    ``log`` is the path below the folder of all pods' logs, ``cgroups_path`` as the OCI specification has it; each is
    empty where it is not known.
    """

    id: str
    sandbox: bool
    sandbox_id: str
    wasm: bool
    handler: str
    namespace: str
    pod: str
    container: str
    cgroups_path: str
    log: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What containerd keeps of a container: ``spec`` is OCI's, ``metadata`` CRI's, both as JSON.

    CRI itself tells ``sandbox_handler`` and ``log_path`` instead of ``metadata``.
    """

    id: str
    runtime: str
    spec: bytes
    metadata: bytes = b""
    kind: str = ""
    sandbox_handler: str | None = None
    log_path: str = ""

    def within(self, sandbox_handler: str | None) -> Record:
        """The same, of a pod with that handler."""
        return replace(self, sandbox_handler=sandbox_handler)


def sandbox_id(record: Record) -> str:
    """The sandbox the container is in; empty if it is in none, or is one itself. Raises as ``identify``."""
    found = _annotations(json_object(record.spec)).get(f"{_CRI}sandbox-id", "")
    return "" if found == record.id else found


def identify(record: Record, *, wasm_handlers: Collection[str]) -> Workload:
    """What the container is; sandboxes are never wasm, but have the handler of their pod.

    Raises:
        ValueError: If the specification or the metadata is not what it should be.
    """
    spec = json_object(record.spec)
    annotations = _annotations(spec)
    metadata = json_object(record.metadata).get("Metadata") if record.metadata else None
    sandbox = "sandbox" in (record.kind, annotations.get(f"{_CRI}container-type"))
    known = record.sandbox_handler or _text(metadata, "RuntimeHandler") or annotations.get(_RUNTIME_HANDLER, "")
    handler = _wasm_handler(record.runtime, known, annotations, _arguments(spec), wasm_handlers)
    return Workload(
        id=record.id,
        sandbox=sandbox,
        sandbox_id=annotations.get(f"{_CRI}sandbox-id", ""),
        wasm=handler is not None and not sandbox,
        handler=handler or known,
        namespace=annotations.get(f"{_CRI}sandbox-namespace", ""),
        pod=annotations.get(f"{_CRI}sandbox-name", ""),
        container=annotations.get(f"{_CRI}container-name", "") or record.id,
        cgroups_path=_text(spec.get("linux"), "cgroupsPath"),
        log=log_below(record.log_path or _text(metadata, "LogPath")),
    )


def log_below(path: str) -> str:
    """The part of a log's path below the folder of all pods' logs; empty if it is not such a path."""
    parts = PurePosixPath(path).parts[-_LOG_PARTS:]
    return "/".join(parts) if len(parts) == _LOG_PARTS and ".." not in parts and "/" not in parts else ""


def _wasm_handler(
    runtime: str, known: str, annotations: Mapping[str, str], arguments: list[str], wasm_handlers: Collection[str]
) -> str | None:
    """The handler if the container runs wasm, else None."""
    if known in wasm_handlers:
        return known
    if _RUNWASI.fullmatch(runtime):
        return known or "wasmedge"
    for key, (always, smart) in _CRUN.items():
        value = annotations.get(key)
        if value == always or (value == smart and arguments and arguments[0].endswith(_MODULES)):
            return known or "crun"
    return None


def json_object(text: bytes | str) -> dict[str, Any]:
    """The object that ``text`` is.

    Raises:
        ValueError: If it is none.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - what is wrong is the text, not a type of ours
    return found


def _annotations(spec: Mapping[str, Any]) -> dict[str, str]:
    found = spec.get("annotations")
    return {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


def _arguments(spec: Mapping[str, Any]) -> list[str]:
    process = spec.get("process")
    found = process.get("args") if isinstance(process, dict) else None
    return [value for value in found if isinstance(value, str)] if isinstance(found, list) else []


def _text(values: object, key: str) -> str:
    found = values.get(key) if isinstance(values, dict) else None
    return found if isinstance(found, str) else ""

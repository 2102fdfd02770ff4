"""A real containerd with real runc, and a stand-in for the kubelet that asks it for pods by CRI.

What stands in for WasmEdge: runc's shim under the name of runwasi's, and runc as the binary of the handler ``crun``.
The labels, annotations, events and cgroups are containerd's own. ``GRIDOBS_CONTAINERD`` names a folder with another
containerd, ctr and containerd-shim-runc-v2 than the system's.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import uuid
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from grpclib.client import Channel, UnaryUnaryMethod
from grpclib.exceptions import GRPCError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).parent
PATIENCE = 60.0  # seconds
IMAGE = "gridobs.test/busybox:1"
MEBIBYTE = 2**20

_CONFIG = """\
version = 2
root = "{folder}/root"
state = "{folder}/state"
[grpc]
  address = "{folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{image}"
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{folder}/cni"
    conf_dir = "{folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.wasmedge]
      runtime_type = "io.containerd.wasmedge.v1"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]
      runtime_type = "io.containerd.runc.v2"
      pod_annotations = ["module.wasm.image/*"]
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun.options]
        BinaryName = "{runc}"
"""


@dataclass
class Site:
    """One containerd below one folder, with cgroups of its own; it can be killed and started again."""

    folder: Path
    program: str
    environment: Mapping[str, str]
    kubelet_pb2: ModuleType
    cgroup: str = field(default_factory=lambda: f"gridobs-{uuid.uuid4().hex[:8]}")
    pods: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.folder / "containerd.sock"

    @property
    def logs(self) -> Path:
        return self.folder / "pods"

    def start(self) -> None:
        with (self.folder / "containerd.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.program, "-c", str(self.folder / "config.toml")], stdout=log, stderr=log, env=self.environment
            )
        deadline = time.monotonic() + PATIENCE
        while not self._serves():
            assert self.process.poll() is None, (self.folder / "containerd.log").read_text()
            assert time.monotonic() < deadline, "containerd does not serve CRI"
            time.sleep(0.1)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def suspend(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGCONT)

    def ctr(self, *arguments: str) -> str:
        program = shutil.which("ctr", path=self.environment["PATH"])
        assert program
        command = [program, "-a", str(self.socket), "-n", "k8s.io", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return done.stdout

    # --- what a kubelet asks ---------------------------------------------------------------------------------------
    def run(
        self,
        name: str,
        script: str,
        *,
        handler: str = "wasmedge",
        namespace: str = "power",
        annotations: Mapping[str, str] | None = None,
        memory: int = 64 * MEBIBYTE,
        cpu: float = 0.5,
    ) -> str:
        """Run a pod ``name`` with one container, ``app``, that runs ``script`` in a shell; the container's id."""
        pb, uid = self.kubelet_pb2, uuid.uuid4().hex
        network = pb.NamespaceOption(network=pb.NODE, pid=pb.CONTAINER)
        config = pb.PodSandboxConfig(
            metadata=pb.PodSandboxMetadata(name=name, uid=uid, namespace=namespace),
            log_directory=str(self.logs / f"{namespace}_{name}_{uid}"),
            annotations=annotations or {},
            linux=pb.LinuxPodSandboxConfig(
                cgroup_parent=f"/{self.cgroup}/pod{uid}",
                security_context=pb.LinuxSandboxSecurityContext(namespace_options=network),
            ),
        )
        request = pb.RunPodSandboxRequest(config=config, runtime_handler="" if handler == "runc" else handler)
        pod = self._cri("RunPodSandbox", request, pb.RunPodSandboxResponse).pod_sandbox_id
        self.pods[pod] = name
        resources = pb.LinuxContainerResources(
            memory_limit_in_bytes=memory, cpu_period=100_000, cpu_quota=round(cpu * 100_000)
        )
        container = pb.ContainerConfig(
            metadata=pb.ContainerMetadata(name="app"),
            image=pb.ImageSpec(image=IMAGE),
            command=["/bin/busybox", "sh", "-c", script],
            log_path="app/0.log",
            linux=pb.LinuxContainerConfig(
                resources=resources, security_context=pb.LinuxContainerSecurityContext(namespace_options=network)
            ),
        )
        create = pb.CreateContainerRequest(pod_sandbox_id=pod, config=container, sandbox_config=config)
        made: str = self._cri("CreateContainer", create, pb.CreateContainerResponse).container_id
        self._cri("StartContainer", pb.ContainerRequest(container_id=made), pb.Nothing)
        return made

    def remove(self, name: str) -> None:
        """Stop and remove the pods of that name; tried until it works, as a kubelet does."""
        for pod in [pod for pod, held in self.pods.items() if held == name]:
            request = self.kubelet_pb2.PodSandboxRequest(pod_sandbox_id=pod)
            deadline = time.monotonic() + PATIENCE
            while pod in self.pods:
                try:
                    self._cri("StopPodSandbox", request, self.kubelet_pb2.Nothing)
                    self._cri("RemovePodSandbox", request, self.kubelet_pb2.Nothing)
                    del self.pods[pod]
                except GRPCError:  # containerd 2.0 stumbles over a container that ends just then
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.2)

    def clean_up(self) -> None:
        """Leave no pod, process, mount or cgroup."""
        if self.process and self.process.poll() is None:
            self.resume()
            for name in set(self.pods.values()):
                with suppress(GRPCError, OSError, TimeoutError):
                    self.remove(name)
            self.process.terminate()
            self.process.wait(timeout=PATIENCE)
        for shim in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if str(self.folder).encode() in (shim / "cmdline").read_bytes():
                    os.kill(int(shim.name), signal.SIGKILL)
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in sorted((mount for mount in mounts if mount.startswith(str(self.folder))), reverse=True):
            subprocess.run(["umount", "-l", mount], check=False)
        for root in Path("/sys/fs/cgroup").rglob(self.cgroup):
            for folder, _, _ in os.walk(root, topdown=False):
                with suppress(OSError):
                    Path(folder).rmdir()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _serves(self) -> bool:
        with suppress(GRPCError, OSError, TimeoutError):
            self._cri("Version", self.kubelet_pb2.Nothing(), self.kubelet_pb2.Nothing, timeout=2)
            return True
        return False

    def _cri(self, method: str, request: Any, answer: Any, *, timeout: float = PATIENCE) -> Any:  # noqa: ANN401 - made at run time
        async def call() -> Any:  # noqa: ANN401 - as above
            with closing(Channel(path=str(self.socket))) as channel:
                remote = UnaryUnaryMethod(channel, f"/runtime.v1.RuntimeService/{method}", type(request), answer)
                return await remote(request, timeout=timeout)

        return asyncio.run(call())


class CannotRunError(Exception):
    """This machine lacks what containerd needs; the text says what."""


@contextmanager
def running_containerd() -> Iterator[Site]:
    """A containerd that serves and has the image.

    Raises:
        CannotRunError: If it cannot run here.
    """
    if os.geteuid() != 0:
        raise CannotRunError("containerd and runc need root")
    folder = Path(tempfile.mkdtemp(prefix="gridobs-"))  # pytest's own are too long for the path of a Unix socket
    path = ":".join(
        filter(None, (str(folder), os.environ.get("GRIDOBS_CONTAINERD"), os.environ["PATH"], "/usr/sbin"))
    )
    try:
        site = _site(folder, path)
    except CannotRunError:
        shutil.rmtree(folder)
        raise
    try:
        site.start()
        local = ("--local",) if "containerd/v2" in _version(site.program) else ()
        site.ctr("images", "import", *local, "--snapshotter", "native", str(folder / "image.tar"))
        yield site
    finally:
        site.clean_up()


def _site(folder: Path, path: str) -> Site:
    site = Site(
        folder=folder,
        program=_program("containerd", path),
        environment={**os.environ, "PATH": path},
        kubelet_pb2=_messages(folder),
    )
    (folder / "containerd-shim-wasmedge-v1").symlink_to(_program("containerd-shim-runc-v2", path))
    config = _CONFIG.format(folder=folder, image=IMAGE, runc=_program("runc", path))
    (folder / "config.toml").write_text(config)
    (folder / "image.tar").write_bytes(_image(Path(_program("busybox", path))))
    return site


def _messages(folder: Path) -> ModuleType:
    """Those of ``kubelet.proto``, compiled here."""
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{HERE}", f"--python_out={folder}", "kubelet.proto"]
    subprocess.run(command, check=True, cwd=HERE)
    module = ModuleType("kubelet_pb2")
    exec((folder / "kubelet_pb2.py").read_text(), module.__dict__)  # noqa: S102 - protoc wrote it just now
    return module


def _program(name: str, path: str) -> str:
    if program := shutil.which(name, path=path):
        return program
    raise CannotRunError(f"{name} is not installed")


def _version(program: str) -> str:
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout


def _image(busybox: Path) -> bytes:
    """A docker-archive with nothing but busybox, which also sleeps in the sandboxes."""
    program = busybox.read_bytes()
    if b"/ld-linux" in program or b"/ld-musl" in program:
        raise CannotRunError(f"{busybox} is not static; install busybox-static")
    layer = _tar({"bin/busybox": program})
    digest = hashlib.sha256(layer).hexdigest()
    config = json.dumps(
        {
            "architecture": "amd64" if os.uname().machine == "x86_64" else "arm64",
            "os": "linux",
            "config": {"Entrypoint": ["/bin/busybox"], "Cmd": ["sleep", "3600"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        }
    ).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": [IMAGE], "Layers": ["layer.tar"]}]
    return _tar({name: config, "layer.tar": layer, "manifest.json": json.dumps(manifest).encode()})


def _tar(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()

"""What the kernel counts of a container, from cgroup v1 and v2 alike."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_UNLIMITED = 2**60  # v1 writes its largest page multiple for "no limit"; no machine has an exbibyte
_LARGEST = 65536  # bytes of such a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Of one cgroup: seconds, bytes and counts; None where the kernel says nothing or nothing that can be read."""

    cpu: float | None = None
    periods: int | None = None
    throttled_periods: int | None = None
    throttled: float | None = None
    working_set: int | None = None
    limit: int | None = None
    peak: int | None = None
    oom_kills: int | None = None
    pids: int | None = None


def number(text: str) -> int | None:
    """The only number of a file; None for ``max``, which is no limit, and for what v1 writes instead of it."""
    value = text.strip()
    if not value.isascii() or not value.isdigit() or len(value) > 20:  # noqa: PLR2004 - digits of 2**64
        return None
    return None if int(value) >= _UNLIMITED else int(value)


def keyed(text: str) -> dict[str, int]:
    """The ``name number`` lines of a file; others are passed over."""
    found: dict[str, int] = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if (amount := number(value)) is not None:
            found[name] = amount
    return found


class Cgroups:
    """The hierarchies below ``root``, usually /sys/fs/cgroup; ``proc`` is the host's /proc, if it can be seen."""

    def __init__(self, root: Path, *, proc: Path) -> None:
        self._root = root
        self._proc = proc

    @property
    def unified(self) -> bool:
        """Whether it is cgroup v2. Hybrid hosts have their controllers in v1."""
        return (self._root / "cgroup.controllers").exists()

    def read(self, cgroups_path: str, pid: int) -> Usage | None:
        """The usage of the container; None if it has no cgroup any more.

        ``cgroups_path`` is OCI's; if it does not say where the cgroup is, the process ``pid`` tells.
        """
        unified = self.unified
        places = {"": location(cgroups_path)} if cgroups_path else {}
        if not places.get("") and pid:
            with suppress(OSError):
                places = of_process((self._proc / str(pid) / "cgroup").read_text())
        get = _Files(self._root, places, unified=unified)
        if not get.exists():
            return None
        return _read_v2(get) if unified else _read_v1(get)


def location(cgroups_path: str) -> str:
    """The path below the hierarchy's root: of cgroupfs as it is, of systemd (``slice:prefix:name``) as it nests them.

    Empty if it is relative, which only the runtime could resolve, or leads elsewhere.
    """
    parent, colon, unit = cgroups_path.partition(":")
    if colon:
        prefix, _, name = unit.partition(":")
        scope = name if name.endswith(".slice") else f"{prefix}-{name}.scope" if prefix else f"{name}.scope"
        path = f"{_slices(parent or 'system.slice')}/{scope}"
    elif parent.startswith("/"):
        path = parent.strip("/")
    else:
        return ""
    return "" if ".." in PurePosixPath(path).parts else path


def _slices(name: str) -> str:
    """``a-b.slice`` lies in ``a.slice``: the folder of a slice is its chain of parents."""
    stem = name.strip("/").removesuffix(".slice")
    parts = stem.split("-")
    return "/".join("-".join(parts[: end + 1]) + ".slice" for end in range(len(parts)))


def of_process(text: str) -> dict[str, str]:
    """Paths by controller from /proc/<pid>/cgroup; that of v2 has the controller ""."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        match line.split(":", 2):
            case [_, controllers, path] if ".." not in path.split("/"):
                for controller in controllers.split(","):
                    found[controller] = path.strip("/")
    return found


class _Files:
    """The files of one container, by controller; in v2 all controllers are in one folder."""

    def __init__(self, root: Path, places: Mapping[str, str], *, unified: bool) -> None:
        self._root = root
        self._places = places
        self._unified = unified

    def exists(self) -> bool:
        return (folder := self._folder("memory")) is not None and folder.is_dir()

    def text(self, controller: str, name: str) -> str:
        """What the file says; empty if it is not there."""
        folder = self._folder(controller)
        if folder is None:
            return ""
        try:
            with (folder / name).open(encoding="ascii", errors="replace") as file:
                return file.read(_LARGEST)
        except OSError:
            return ""

    def number(self, controller: str, name: str) -> int | None:
        return number(self.text(controller, name))

    def keyed(self, controller: str, name: str) -> Callable[[str], int | None]:
        return keyed(self.text(controller, name)).get

    def _folder(self, controller: str) -> Path | None:
        place = self._places.get(controller) or self._places.get("")
        if not place:
            return None
        return self._root / place if self._unified else self._root / controller / place


def _read_v2(get: _Files) -> Usage:
    cpu, events = get.keyed("", "cpu.stat"), get.keyed("", "memory.events")
    return Usage(
        cpu=_scaled(cpu("usage_usec"), 1e-6),
        periods=cpu("nr_periods"),
        throttled_periods=cpu("nr_throttled"),
        throttled=_scaled(cpu("throttled_usec"), 1e-6),
        working_set=_working_set(get.number("", "memory.current"), get.keyed("", "memory.stat")("inactive_file")),
        limit=get.number("", "memory.max"),
        peak=get.number("", "memory.peak"),
        oom_kills=events("oom_kill"),
        pids=get.number("", "pids.current"),
    )


def _read_v1(get: _Files) -> Usage:
    cpu, memory = get.keyed("cpu", "cpu.stat"), get.keyed("memory", "memory.stat")
    return Usage(
        cpu=_scaled(get.number("cpuacct", "cpuacct.usage"), 1e-9),
        periods=cpu("nr_periods"),
        throttled_periods=cpu("nr_throttled"),
        throttled=_scaled(cpu("throttled_time"), 1e-9),
        working_set=_working_set(get.number("memory", "memory.usage_in_bytes"), memory("total_inactive_file")),
        limit=get.number("memory", "memory.limit_in_bytes"),
        peak=get.number("memory", "memory.max_usage_in_bytes"),
        oom_kills=get.keyed("memory", "memory.oom_control")("oom_kill"),
        pids=get.number("pids", "pids.current"),
    )


def _scaled(value: int | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _working_set(usage: int | None, inactive_file: int | None) -> int | None:
    return None if usage is None or inactive_file is None else max(0, usage - inactive_file)

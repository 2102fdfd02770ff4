"""The SQLite files of kine, and the disk they lie on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gridobs_exporters.names import k3s as names

if TYPE_CHECKING:
    from pathlib import Path

    from gridobs_exporters.metric import Samples

_FILES = {"main": "", "wal": "-wal", "shm": "-shm"}


def add_datastore(samples: Samples, path: Path) -> bool:
    """Sizes and free space; whether the main file and its disk could be looked at."""
    found = False
    for label, suffix in _FILES.items():
        try:
            size = path.with_name(path.name + suffix).stat().st_size
        except OSError:
            continue  # a file that is not there has no size
        samples.add(names.DATASTORE_BYTES, size, label)
        found = found or label == "main"
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    samples.add(names.DATASTORE_AVAILABLE, disk.f_bavail * disk.f_frsize)
    return found

"""On which shard each site is, as rendered files have it: what a new rendering moves is told from both."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.hub.targets import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePosixPath

_SHARD = "shard-"
PATTERN = f"hub/{_SHARD}*/{FOLDER}/*.json"
"""The files that say it, below the folder that was rendered to."""


def placed(files: Iterable[tuple[PurePosixPath, str]]) -> dict[str, int]:
    """The shard of each site that is a target, by the path and text of each file below ``hub/``.

    What is no file of ours says nothing.
    """
    found = {}
    for path, text in files:
        try:
            shard = int(path.parent.parent.name.removeprefix(_SHARD))
            found.update({group["labels"][names.LABEL_SITE]: shard for group in json.loads(text)})
        except (ValueError, TypeError, KeyError):
            continue
    return found

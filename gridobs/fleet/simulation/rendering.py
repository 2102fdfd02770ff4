"""The hub of a simulation as the product renders it; only addresses, paths and, in a hurry, waiting times differ."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from gridobs.fleet import hub
from gridobs.fleet.hub import visibility
from gridobs.fleet.simulation.settings import Part
from gridobs.rules.durations import seconds, text
from gridobs.slo.promql import PrometheusVersion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gridobs.artifacts import Artifact
    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.model import Fleet
    from gridobs.fleet.simulation.settings import Settings

TLS_FOLDER = "tls-hub"
_WAIT = re.compile(r"^(\s+for: )(\S+)$", re.MULTILINE)


def render_hub(fleet: Fleet, egress: Egress, settings: Settings) -> tuple[Artifact, ...]:
    """What ``gridobs fleet render`` writes for the hub of ``fleet``."""
    standard = hub.Notifications()
    notifications = replace(
        standard,
        url=settings.url(Part.WEBHOOK) + "/{receiver}",
        credentials="",
        group_wait=_hurried(standard.group_wait, settings.hurry),
        group_interval=_hurried(standard.group_interval, settings.hurry),
    )
    wanted = hub.Settings(
        tls=settings.tls,
        tls_folder=str(tls_folder(settings.folder)),
        own_address=settings.address(Part.PROMETHEUS),
        backfill_address="",  # there is none, and in a long run somebody would be told
        notifications=notifications,
    )
    rendered = hub.render(
        fleet,
        egress,
        PrometheusVersion.V2_42,
        objectives=visibility.load(settings.sources),
        settings=wanted,
    )
    return tuple(_hurry(rendered, factor=settings.hurry))


def tls_folder(folder: Path) -> Path:
    """Where the hub's own certificate lies, in the form the rendered configuration wants."""
    return folder.resolve() / TLS_FOLDER


def _hurry(artifacts: Sequence[Artifact], *, factor: float) -> Iterator[Artifact]:
    for artifact in artifacts:
        if "rules" in artifact.path.parts and factor != 1:
            content = _WAIT.sub(lambda found: found[1] + text(_hurried(seconds(found[2]), factor)), artifact.content)
            yield replace(artifact, content=content)
        else:
            yield artifact


def _hurried(wait: int, factor: float) -> int:
    return max(1, round(wait / factor))

"""The back-fill of a fleet, put together from what the commands know."""

from __future__ import annotations

import random
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gridobs.errors import UsageError
from gridobs.fleet.backfill.admission import Admission
from gridobs.fleet.backfill.history import Gates
from gridobs.fleet.backfill.journal import Journal
from gridobs.fleet.backfill.meters import Meters
from gridobs.fleet.backfill.pace import LIMITS
from gridobs.fleet.backfill.receiver import Receiver, window_of
from gridobs.fleet.backfill.service import Backfill, Clocks
from gridobs.fleet.backfill.survey import tempos

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from gridobs.fleet.backfill.pace import Limits
    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.model import Fleet
    from gridobs.prometheus import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to go about it.

    Attributes:
        journal: the file of what is done with; None remembers nothing.
        limits: on samples and bytes a second.
        workers: sites that are asked at a time.
        gate_timeout: seconds that an answer of a gate may take.
        spread: seconds over which sites whose holes were found together are begun.
        longest: seconds of a pass.
        only: ids of the sites to look at; empty is all.
    """

    journal: Path | None = None
    limits: Limits = LIMITS
    workers: int = 8
    gate_timeout: float = 30.0
    spread: float = 0.0
    longest: float = float("inf")
    only: Collection[str] = field(default_factory=tuple)


def assemble(
    fleet: Fleet,
    egress: Egress,
    client: Client,
    options: Options,
    *,
    tls: ssl.SSLContext | None,
    stop: threading.Event | None = None,
) -> Backfill:
    """The back-fill of the sites of ``fleet`` that the hub at ``client`` pulls.

    Raises:
        ServerError: the hub takes no old samples.
        UsageError: something in ``options`` cannot work, or nothing says where holes are.
    """
    stop = stop or threading.Event()
    paces = tempos(fleet, egress)
    if unknown := sorted(set(options.only) - set(paces)):
        raise UsageError(
            f"{', '.join(unknown)}: no site of {fleet.source} that is watched and pulled; see the ids there"
        )
    if options.only:
        paces = {site: tempo for site, tempo in paces.items() if site in options.only}
    window = window_of(client)
    return Backfill(
        client=client,
        receiver=Receiver(client, wait=stop.wait, jitter=random.random),
        gates=Gates(Admission(egress), tls=tls, timeout=options.gate_timeout),
        journal=Journal.open(options.journal),
        meters=Meters(),
        sites={site.id: site for site in fleet.sites if site.id in paces},
        paces=paces,
        limits=options.limits,
        clocks=Clocks(now=time.time, monotonic=time.monotonic),
        stop=stop,
        look_back=min(fleet.hub.outage_budget, window or float("inf")),
        workers=options.workers,
        spread=options.spread,
        longest=options.longest,
    )


def client_tls(*, ca_file: Path, cert_file: Path, key_file: Path) -> ssl.SSLContext:
    """What the hub shows to gates and how it knows them: TLS 1.2 or later, certificates for the hosts asked.

    Raises:
        UsageError: a file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # an SSLError too
        raise UsageError(
            f"{ca_file}: {error.strerror or error}; name who signs the gates with --gate-ca-file"
        ) from None
    try:
        context.load_cert_chain(cert_file, key_file)
    except OSError as error:
        raise UsageError(
            f"{cert_file}, {key_file}: {error.strerror or error}; name what the gates know the hub by with"
            " --gate-cert-file and --gate-key-file"
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context

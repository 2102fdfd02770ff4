"""A certificate authority for one simulation, and a certificate for each of its sites and its hub."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from gridobs.errors import ComponentFailed

if TYPE_CHECKING:
    from pathlib import Path

    from gridobs.fleet.simulation.plan import PlannedSite

HUB = "gridobs-hub"  # its common name, which the gates of sites want to see
_DAYS = "2"  # a simulation is over by then
_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
_WORKERS = 2


def issue(folder: Path, *, sites: tuple[PlannedSite, ...], openssl: str) -> None:
    """Make ``ca.crt``, and ``.crt`` and ``.key`` of each site and of the hub.

    Keys are on the curve P-256. The certificate of a site is for the address it listens at, and for servers; that of
    the hub is for clients.

    Raises:
        ComponentFailed: openssl failed; what it said is told.
    """
    folder.mkdir(parents=True, exist_ok=True)
    authority = ["-subj", "/CN=simulated fleet", "-addext", "keyUsage=critical,keyCertSign"]
    _request(openssl, folder, "ca", [*authority, "-addext", "basicConstraints=critical,CA:true"])
    wanted = [(site.id, f"IP:{site.host}", "serverAuth") for site in sites]
    wanted.append((HUB, f"DNS:{HUB}", "clientAuth"))

    def one(name: str, alternative: str, usage: str) -> None:
        extensions = ["-addext", f"subjectAltName={alternative}", "-addext", f"extendedKeyUsage={usage}"]
        signer = ["-CA", str(folder / "ca.crt"), "-CAkey", str(folder / "ca.key")]
        leaf = ["-addext", "basicConstraints=critical,CA:false"]
        _request(openssl, folder, name, ["-subj", f"/CN={name}", *leaf, *extensions, *signer])

    with ThreadPoolExecutor(_WORKERS) as pool:
        for done in [pool.submit(one, *each) for each in wanted]:
            done.result()


def _request(openssl: str, folder: Path, name: str, arguments: list[str]) -> None:
    """``openssl req -x509`` with ``-CA`` makes key and certificate in one process (OpenSSL 3.0)."""
    files = ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt")]
    command = [openssl, "req", "-x509", *_CURVE, "-nodes", "-sha256", "-days", _DAYS, *files, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ComponentFailed(f"openssl could not make {name}.crt: {done.stderr.strip()}")

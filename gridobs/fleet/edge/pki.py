"""Who has which certificate in a fleet: the list for an authority, and a script that is one for tests."""

from __future__ import annotations

import ipaddress
from importlib import resources
from typing import TYPE_CHECKING

from gridobs.errors import UsageError
from gridobs.fleet.model import State, Transport

if TYPE_CHECKING:
    from gridobs.fleet.model import Fleet, Site

HUB = "gridobs-hub"
RECEIVER = "gridobs-receiver"
_HEADING = "name,common_name,usage,sans"
_NOT_IN_A_NAME = frozenset('",\n\r')


def names(fleet: Fleet) -> str:
    """``names.csv``: the hub as a client, what sites push to, and every site that is not retired.

    A site that is pulled serves in the name of its address; one that pushes is a client whose common name is its id.
    Raises UsageError if a site has the name of another party, or one that a list of names cannot hold.
    """
    rows = [_row(HUB, "client")]
    if fleet.hub.receiver:
        rows.append(_row(RECEIVER, "server", fleet.hub.receiver))
    return "".join(f"{row}\n" for row in (_HEADING, *rows, *(_of(site) for site in fleet.sites if _wanted(site))))


def issue_script() -> str:
    """The text of ``issue.sh``, which makes an authority and signs what the list tells, with openssl alone."""
    return resources.files(__package__).joinpath("issue.sh").read_text(encoding="utf-8")


def host(address: str) -> str:
    """The host of ``host:port``, an IPv6 address without its brackets."""
    return address.rpartition(":")[0].removeprefix("[").removesuffix("]")


def _wanted(site: Site) -> bool:
    return site.state is not State.RETIRED


def _of(site: Site) -> str:
    if site.id in {HUB, RECEIVER}:
        raise UsageError(f"no site can be called {site.id}: its certificate would pass for another party's")
    return _row(site.id, "server", site.address) if site.transport is Transport.PULL else _row(site.id, "client")


def _row(name: str, usage: str, address: str = "") -> str:
    sans = _alternative_name(host(address)) if address else ""
    if _NOT_IN_A_NAME & set(name + sans):
        raise UsageError(
            f"{name!r} at {address!r} cannot stand in a certificate; use no quotes, commas or line breaks"
        )
    return f"{name},{name},{usage},{sans}"


def _alternative_name(name: str) -> str:
    try:
        return f"IP:{ipaddress.ip_address(name)}"
    except ValueError:
        return f"DNS:{name}"

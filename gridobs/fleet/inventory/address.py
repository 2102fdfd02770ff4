"""Addresses as ``host:port``, in one spelling each."""

from __future__ import annotations

import ipaddress
import re

_FORM = re.compile(r"(?:\[(?P<v6>[^\[\]]*)\]|(?P<host>[^\[\]:]*))(?::(?P<port>[^:]*))?")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NUMBERS = re.compile(r"[0-9.]+")
_PORT = re.compile(r"[0-9]{1,5}")
_LONGEST_HOST = 253
_LAST_PORT = 65_535


def normalise(text: str, *, port: int | None = None) -> str:
    """``text`` as ``host:port``, names in small letters and IPv6 as RFC 5952 has it; ``port`` is for one without.

    Raises ValueError with what is wrong and what to write, parted by "; ".
    """
    found = _FORM.fullmatch(text)
    if not found or not text or "/" in text:
        raise ValueError(f"'{text}' is not an address; write host:port, an IPv6 address as [2001:db8::1]:9443")
    given = found["port"]
    if given is None and port is None:
        raise ValueError(f"'{text}' has no port; write it after a colon, as in {text}:9443")
    if given is not None and not (_PORT.fullmatch(given) and 1 <= int(given) <= _LAST_PORT):
        raise ValueError(f"'{given}' is not a port; write a number from 1 to {_LAST_PORT}")
    host = _v6(found["v6"]) if found["v6"] is not None else _host(found["host"])
    return f"{host}:{port if given is None else int(given)}"


def _v6(text: str) -> str:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        raise ValueError(f"'{text}' is not an IPv6 address; write one such as [2001:db8::1]:9443") from None
    if address.scope_id:
        raise ValueError(f"'{text}' has a zone, which means something on one machine only; write it without %")
    return f"[{_dialled(address).compressed}]"


def _host(text: str) -> str:
    if _NUMBERS.fullmatch(text):
        try:
            return _dialled(ipaddress.IPv4Address(text)).compressed
        except ipaddress.AddressValueError:
            raise ValueError(f"'{text}' is not an IPv4 address; write one such as 10.0.0.1:9443") from None
    name = text.lower()
    if len(name) > _LONGEST_HOST or not all(map(_LABEL.fullmatch, name.split("."))):
        raise ValueError(
            f"'{text}' is not a host name; write a-z, 0-9 and '-' in parts of at most 63, with a dot between two"
        )
    return name


def _dialled(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if address.is_unspecified or address.is_multicast:
        raise ValueError(f"'{address}' is not the address of one machine; write the one it is dialled at")
    return address

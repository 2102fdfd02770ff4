"""TLS as a server, from ``tls_server_config`` of exporter-toolkit's web configuration file.

https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gridobs_exporters.config import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gridobs_exporters.config.section import Section

    Read = Callable[[Path], bytes]

# Go's names (crypto/tls, CipherSuites) to OpenSSL's. Those of TLS 1.3 cannot be chosen, there as here.
_SUITES = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_AES_128_GCM_SHA256": "",
    "TLS_AES_256_GCM_SHA384": "",
    "TLS_CHACHA20_POLY1305_SHA256": "",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    # Until Go 1.21:
    "TLS_RSA_WITH_AES_128_CBC_SHA": "AES128-SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA": "AES256-SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256": "AES128-GCM-SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384": "AES256-GCM-SHA384",
}
_CURVES = {"CurveP256": "prime256v1", "CurveP384": "secp384r1", "CurveP521": "secp521r1", "X25519": "X25519"}
# What is older than TLS 1.2 is served as TLS 1.2: today's OpenSSL does not speak it, and nobody should.
_LOWEST = dict.fromkeys(("TLS10", "TLS11", "TLS12"), ssl.TLSVersion.TLSv1_2) | {"TLS13": ssl.TLSVersion.TLSv1_3}
_HIGHEST = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
# A certificate that is asked for and not looked at protects nothing, so RequestClientCert asks for none here.
_ASKS = {
    "NoClientCert": ssl.CERT_NONE,
    "RequestClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_UNVERIFIED = ("RequireAnyClientCert", "RequireClientCert")  # the second is an old name of the first

SCHEMA = schema.mapping(
    {
        "cert": schema.text("the server's certificate and its chain, PEM", "|"),
        "key": {},  # checked by its use: a fault must not show it
        "client_ca": schema.text("authorities that vouch for clients, PEM", "|"),
        "cert_file": schema.text("a file with the server's certificate and its chain, PEM", "server.crt"),
        "key_file": schema.text("a file with its key, PEM", "server.key"),
        "client_ca_file": schema.text("a file with the authorities that vouch for clients, PEM", "clients-ca.crt"),
        "client_auth_type": schema.choice("what is asked of clients", *reversed(_ASKS), *_UNVERIFIED),
        "client_allowed_sans": schema.items(
            schema.text("a name in the client's certificate: DNS, IP, e-mail or URI", "prometheus.example"),
            description="the clients let in, by a name in their certificate",
            least=1,
        ),
        "cipher_suites": schema.items(schema.choice("a suite of TLS 1.2 by Go's name", *_SUITES)),
        "prefer_server_cipher_suites": schema.flag("whether the order of cipher_suites counts"),
        "curve_preferences": schema.items(schema.choice("a curve", *_CURVES)),
        "min_version": schema.choice("the lowest version spoken", "TLS12", "TLS13", "TLS11", "TLS10"),
        "max_version": schema.choice("the highest version spoken; nothing below TLS12 is", "TLS13", "TLS12"),
    },
    description="TLS for those who ask",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ServerTls:
    """``allowed_sans`` is empty when any certificate that verifies will do."""

    context: ssl.SSLContext
    allowed_sans: frozenset[str] = frozenset()

    def admits(self, certificate: Any) -> bool:  # noqa: ANN401 - what getpeercert() gives
        return not self.allowed_sans or not self.allowed_sans.isdisjoint(sans(certificate))


def sans(certificate: Any) -> set[str]:  # noqa: ANN401 - what getpeercert() gives
    """The names in a client's certificate as exporter-toolkit compares them."""
    return {
        str(ipaddress.ip_address(value.strip())) if kind == "IP Address" else value
        for kind, value in (certificate or {}).get("subjectAltName", ())
        if kind in {"DNS", "IP Address", "email", "URI"}
    }


def server_tls(section: Section, read: Read) -> ServerTls | None:
    """TLS as ``section`` has it; None with a fault told to the section. ``read`` reads a file by its path.

    Tickets are off, so that who may come in is asked at every connection.
    """
    found = len(section.problems)
    certificate, key = (_given(section, name, read) for name in ("cert", "key"))
    authorities = _given(section, "client_ca", read, needed=False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    if not section.get("prefer_server_cipher_suites", True):
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    _versions(context, section)
    if certificate is not None and key is not None:
        try:
            with _in_memory(certificate) as certificate_path, _in_memory(key) as key_path:
                context.load_cert_chain(certificate_path, key_path, password="")
        except OSError as error:
            section.problem(
                "cert_file" if section.get("cert_file") else "cert",
                f"cannot use certificate and key: {_reason(error)}; give PEM that belongs together, unencrypted",
            )
    _clients(context, section, authorities)
    if len(section.problems) > found:
        return None
    return ServerTls(context=context, allowed_sans=frozenset(section.get("client_allowed_sans", ())))


def _versions(context: ssl.SSLContext, section: Section) -> None:
    lowest, highest = _LOWEST[section.get("min_version", "TLS12")], _HIGHEST[section.get("max_version", "TLS13")]
    suites = section.get("cipher_suites")
    chosen = [_SUITES[suite] for suite in suites or () if _SUITES[suite]]
    if chosen:
        context.set_ciphers(":".join(chosen))
    elif suites:
        lowest = ssl.TLSVersion.TLSv1_3  # no suite of TLS 1.2 is allowed
    if lowest > highest:
        section.problem("max_version", "no version of TLS is left; raise it, or change min_version and cipher_suites")
        return
    context.minimum_version, context.maximum_version = lowest, highest
    if curves := section.get("curve_preferences"):
        context.set_ecdh_curve(_CURVES[curves[0]])  # Python sets one or none: a list would let in what it leaves out


def _clients(context: ssl.SSLContext, section: Section, authorities: bytes | None) -> None:
    """What is asked of clients. Go would take any public authority where none is given; that lets everybody in."""
    asked = section.get("client_auth_type", "NoClientCert")
    if asked in _UNVERIFIED:
        cure = "write RequireAndVerifyClientCert and give client_ca_file"
        section.problem("client_auth_type", f"{asked} lets in who makes a certificate for it; {cure}")
        return
    context.verify_mode = _ASKS[asked]
    if section.get("client_allowed_sans") and asked != "RequireAndVerifyClientCert":
        cure = "write client_auth_type: RequireAndVerifyClientCert"
        section.problem("client_allowed_sans", f"{asked} lets in who has no certificate; {cure}")
    if authorities is None:
        if context.verify_mode != ssl.CERT_NONE:
            section.problem("client_auth_type", f"{asked} needs to know who vouches for clients; give client_ca_file")
        return
    if context.verify_mode == ssl.CERT_NONE:
        section.problem(
            "client_ca_file" if section.get("client_ca_file") else "client_ca",
            f"of no use with {asked}; write client_auth_type: RequireAndVerifyClientCert",
        )
    try:
        context.load_verify_locations(cadata=authorities.decode("ascii", "replace"))
    except (OSError, ValueError) as error:
        key = "client_ca_file" if section.get("client_ca_file") else "client_ca"
        section.problem(key, f"cannot use these authorities: {_reason(error)}; give PEM")
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # as Go: each of them is trusted, not only roots


def _given(section: Section, name: str, read: Read, *, needed: bool = True) -> bytes | None:
    """The PEM of ``name`` or of the file ``name_file``."""
    inline, path = section.get(name), section.path(f"{name}_file")
    if inline is not None and path is not None:
        section.problem(name, f"{name}_file is given too; keep one")
    elif path is not None:
        try:
            return read(path)
        except OSError as error:
            section.problem(f"{name}_file", f"cannot read {path}: {error.strerror}; let this user read it")
    elif isinstance(inline, str):
        return inline.encode()
    elif inline is not None or needed:
        section.problem(name, f"TLS needs {name}_file, a file in PEM, or {name}, the PEM itself")
    return None


@contextmanager
def _in_memory(data: bytes) -> Iterator[str]:
    """A path with this content: ``ssl`` reads keys from files only, and a key of ours is never written to a disk."""
    file = os.memfd_create("pem", os.MFD_CLOEXEC)
    try:
        os.write(file, data)
        yield f"/proc/self/fd/{file}"
    finally:
        os.close(file)


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return reason.lower().replace("_", " ") if reason else re.sub(r" \(_ssl\.c:[0-9]+\)$", "", str(error))

"""Edges that are none: HTTPS servers that answer a hub with what a test wants a site to say."""

from __future__ import annotations

import ssl
import subprocess
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.testbed.processes import LOOPBACK

if TYPE_CHECKING:
    from pathlib import Path

SLO = 'service="power-data-processor",slo="power-availability"'


@dataclass(kw_only=True)
class Says:
    """What an edge says of itself.

    Attributes:
        claims: the site it says it is; None says nothing.
        bad: bad events of its period, of 1000.
        pages: alerts that page at the site.
        beats: whether it sends a heartbeat.
        clock: seconds that its clock is ahead.
        more: lines that it sends beside.
        instead: all that it sends, if not None.
    """

    claims: str | None
    bad: int = 0
    pages: int = 0
    beats: bool = True
    clock: float = 0
    more: list[str] = field(default_factory=list)
    instead: str | None = None

    def text(self) -> str:
        """As ``/federate`` answers: no types, the labels of the site on every series, a time on every sample."""
        if self.instead is not None:
            return self.instead
        now = time.time() + self.clock
        who = f'site="{self.claims}",region="claimed"' if self.claims else 'other="label"'
        values = {
            f"{names.SITE_INFO}{{{who}}}": 1.0,
            f'{names.SITE_ALERTS_FIRING}{{severity="page",{who}}}': self.pages,
            f"{names.SLO_PERIOD_BAD}{{{SLO},{who}}}": self.bad,
            f"{names.SLO_PERIOD_TOTAL}{{{SLO},{who}}}": 1_000,
            f'iot_canary_secret{{device_id="7",{who}}}': 42,
            f'{names.SITE_HEARTBEAT}{{instance="",job="raw",pod="p",{who}}}': now if self.beats else None,
        }
        lines = [f"{name} {value!r} {now * 1000:.0f}" for name, value in values.items() if value is not None]
        return "\n".join([*lines, *self.more]) + "\n"


class Edge:
    """One server on the loopback address; what it says can be changed while it runs."""

    def __init__(self, says: Says, *, certificate: Path, key: Path, authority: Path) -> None:
        self.says = says
        edge = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = edge.says.text().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """A hub that hangs up is what some tests are about."""

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(authority)
        context.verify_mode = ssl.CERT_REQUIRED
        self._server = Server((LOOPBACK, 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.address = f"{LOOPBACK}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def make_certificates(folder: Path) -> None:
    """An authority, ``tls`` for the loopback address, ``wrong`` for another host; ``.crt`` and ``.key`` of each."""
    new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj"]
    authority = ["-x509", "-days", "2", "-keyout", "ca.key", "-out", "ca.crt"]
    subprocess.run([*new, "/CN=test authority", *authority], cwd=folder, check=True, capture_output=True)
    for name, host in (("tls", f"IP:{LOOPBACK}"), ("wrong", "DNS:elsewhere.example")):
        request = ["-keyout", f"{name}.key", "-out", f"{name}.csr"]
        subprocess.run([*new, f"/CN={name}", *request], cwd=folder, check=True, capture_output=True)
        (folder / f"{name}.ext").write_text(f"subjectAltName={host}\nextendedKeyUsage=serverAuth,clientAuth\n")
        sign = ["openssl", "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "2"]
        signed = ["-CAcreateserial", "-out", f"{name}.crt", "-extfile", f"{name}.ext"]
        subprocess.run([*sign, *signed], cwd=folder, check=True, capture_output=True)

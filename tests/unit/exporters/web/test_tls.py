"""The web configuration in force: real handshakes, real passwords, and what happens when files change."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import bcrypt
import pytest
import requests
from gridobs_exporters.pages import Response, Route
from gridobs_exporters.web.guard import Guard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gridobs_exporters.web.server import ExporterServer

    from tests.unit.exporters.web.conftest import Certificates, Now, Serve

MUTUAL = "client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt"
ECHO = Route(path="/echo", answer=lambda _: Response(body=b"here"))


class Site:
    """A server with a web configuration in a folder of its own."""

    def __init__(self, folder: Path, certificates: Certificates, serve: Serve, now: Now) -> None:
        self.folder, self.certificates, self.now = folder, certificates, now
        self._serve = serve
        self.server: ExporterServer

    def start(self, text: str) -> None:
        for name in ("ca.crt", "server.crt", "server.key"):
            (self.folder / name).write_bytes(self.certificates.path(name).read_bytes())
        self.write(text)
        guard = Guard(self.folder / "web.yml", clock=self.now.clock)
        self.server = self._serve(ECHO, guard=guard, clock=self.now.clock)

    def write(self, text: str) -> None:
        (self.folder / "web.yml").write_text(text)

    def get(self, *, client: str | None = None, auth: tuple[str, str] | None = None) -> requests.Response:
        pair = self.certificates.pair(client) if client else None
        authority = str(self.folder / "ca.crt")
        with requests.Session() as session:
            return session.get(f"{self.server.url}/echo", cert=pair, auth=auth, verify=authority, timeout=10)

    def refuses(self, *, client: str | None = None) -> bool:
        others = set(threading.enumerate())
        try:
            self.get(client=client)
        except requests.ConnectionError:
            return True
        else:
            return False
        finally:
            for serving in set(threading.enumerate()) - others:
                serving.join(10)  # it may have a word to say after the client has left

    def handshake(self, change: Callable[[ssl.SSLContext], object]) -> tuple[str, str]:
        """Version and suite that come about with a client's context after ``change``."""
        context = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))
        change(context)
        with (
            socket.create_connection(("127.0.0.1", self.server.server_port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
        ):
            chosen = secured.cipher()
            assert chosen
            return secured.version() or "", chosen[0]


@pytest.fixture
def site(tmp_path: Path, certificates: Certificates, serve: Serve, now: Now) -> Site:
    return Site(tmp_path, certificates, serve, now)


def tls(more: str = "") -> str:
    return f"tls_server_config: {{cert_file: server.crt, key_file: server.key, {more}}}"


def users(**passwords: str) -> str:
    hashes = (
        f"  {name}: {bcrypt.hashpw(word.encode(), bcrypt.gensalt(4)).decode()}" for name, word in passwords.items()
    )
    return "\n".join(("", "basic_auth_users:", *hashes, ""))


def test_it_is_served_over_tls(site: Site) -> None:
    site.start(tls())

    assert site.server.url.startswith("https://")
    assert site.get().text == "here"
    assert not site.refuses(client="stranger")


def test_who_speaks_plain_http_to_it_is_told(site: Site) -> None:
    site.start(tls())
    answer = requests.get(site.server.url.replace("https", "http"), timeout=10)

    assert (answer.status_code, answer.text) == (400, "This port speaks HTTPS.\n")


def test_a_client_that_never_finishes_its_handshake_holds_nobody_and_is_dropped(site: Site) -> None:
    site.start(tls())
    with socket.create_connection(("127.0.0.1", site.server.server_port), timeout=10) as silent:
        silent.sendall(b"\x16\x03\x01")
        assert site.get().text == "here"
        site.now.now = 11.0

        assert silent.recv(100) == b""


@pytest.mark.parametrize("client", [None, "stranger"])
def test_with_mutual_tls_only_who_the_authority_vouches_for_comes_in(
    site: Site, client: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    site.start(tls(MUTUAL))
    assert site.get(client="client").text == "here"
    assert site.get(client="nameless").text == "here"
    assert caplog.messages == []

    assert site.refuses(client=client)
    assert "was refused: " in caplog.text


def test_a_refused_client_is_one_line_a_minute_however_often_it_comes(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.start(tls(MUTUAL))
    for site.now.now in (0, 1, 2, 61):
        assert site.refuses()

    assert [message.split(": ")[1] for message in caplog.messages] == ["peer did not return a certificate"] * 2


def test_a_certificate_that_may_be_given_is_verified_if_it_is(site: Site) -> None:
    site.start(tls("client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.crt"))

    assert site.get().text == "here"
    assert site.get(client="client").text == "here"
    assert site.refuses(client="stranger")


@pytest.mark.parametrize("name", ["prometheus.example", "fd00::1", "sre@example.org", "spiffe://site/prometheus"])
def test_only_clients_with_an_allowed_name_come_in(site: Site, name: str) -> None:
    site.start(tls(f'{MUTUAL}, client_allowed_sans: [nobody.example, "{name}"]'))

    assert site.get(client="client").text == "here"
    assert site.refuses(client="other")
    assert site.refuses(client="nameless")


def at_most(version: ssl.TLSVersion) -> Callable[[ssl.SSLContext], object]:
    return lambda context: setattr(context, "maximum_version", version)


def with_suites(suites: str) -> Callable[[ssl.SSLContext], object]:
    def change(context: ssl.SSLContext) -> None:
        context.set_ciphers(suites)
        context.maximum_version = ssl.TLSVersion.TLSv1_2

    return change


def test_versions_are_those_configured(site: Site) -> None:
    site.start(tls("max_version: TLS12"))
    assert site.handshake(at_most(ssl.TLSVersion.TLSv1_3))[0] == "TLSv1.2"

    site.write(tls("min_version: TLS13"))
    assert site.handshake(at_most(ssl.TLSVersion.TLSv1_3))[0] == "TLSv1.3"
    with pytest.raises(ssl.SSLError):
        site.handshake(at_most(ssl.TLSVersion.TLSv1_2))


def test_suites_are_those_configured_in_their_order(site: Site) -> None:
    strong, other = "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"
    ours = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
    site.start(tls(f"cipher_suites: [{ours}]"))

    assert site.handshake(with_suites(f"{other}:{strong}"))[1] == strong
    assert site.handshake(with_suites(f"ECDHE-ECDSA-AES128-GCM-SHA256:{other}"))[1] == other
    with pytest.raises(ssl.SSLError):
        site.handshake(with_suites("ECDHE-ECDSA-AES128-GCM-SHA256"))

    site.write(tls(f"cipher_suites: [{ours}], prefer_server_cipher_suites: false"))
    assert site.handshake(with_suites(f"{other}:{strong}"))[1] == other


def test_the_first_curve_is_the_only_one(site: Site) -> None:
    site.start(tls("curve_preferences: [CurveP384, X25519]"))

    assert site.handshake(lambda context: context.set_ecdh_curve("secp384r1"))
    with pytest.raises(ssl.SSLError):
        site.handshake(lambda context: context.set_ecdh_curve("X25519"))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_session_is_resumed_so_that_every_connection_is_asked_for_its_certificate(
    site: Site, version: ssl.TLSVersion
) -> None:
    site.start(tls())
    context = ssl.create_default_context(cafile=str(site.folder / "ca.crt"))
    context.maximum_version = version
    address = ("127.0.0.1", site.server.server_port)
    with (
        socket.create_connection(address, timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(b"GET /echo HTTP/1.0\r\n\r\n")
        assert secured.recv(100)  # what a server sends to resume later comes before that

        assert not (secured.session and secured.session.has_ticket)


def test_one_certificate_can_be_trusted_by_itself(site: Site, certificates: Certificates) -> None:
    (site.folder / "clients.crt").write_bytes(certificates.path("client.crt").read_bytes())
    site.start(tls(MUTUAL.replace("ca.crt", "clients.crt")))

    assert site.get(client="client").text == "here"
    assert site.refuses(client="other")


def test_only_who_knows_a_password_is_answered(site: Site) -> None:
    site.start(users(alice="open sesame", bob="x"))
    nobody, wrong, right = (site.get(auth=auth) for auth in (None, ("alice", "x"), ("alice", "open sesame")))

    assert [answer.status_code for answer in (nobody, wrong, right)] == [401, 401, 200]
    assert nobody.headers["WWW-Authenticate"].startswith("Basic ")
    assert "here" not in nobody.text + wrong.text


def test_a_body_is_not_asked_for_before_the_password_is_known(site: Site) -> None:
    site.start(users(alice="x"))
    with socket.create_connection(("127.0.0.1", site.server.server_port), timeout=10) as client:
        client.sendall(b"POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9000000\r\n\r\n")

        assert client.recv(100).startswith(b"HTTP/1.1 401 ")


def test_requests_beyond_the_rate_are_turned_away(site: Site) -> None:
    site.start("rate_limit: {interval: 10s, burst: 2}")

    assert [site.get().status_code for _ in range(3)] == [200, 200, 429]
    site.write("rate_limit: {interval: 10s, burst: 1}")
    assert [site.get().status_code for _ in range(2)] == [200, 429]
    site.write("")
    assert [site.get().status_code for _ in range(3)] == [200, 200, 200]


def test_headers_are_safe_and_can_be_set_and_unset(site: Site) -> None:
    site.start("")
    before = site.get().headers
    site.write('http_server_config: {headers: {X-Frame-Options: "", Strict-Transport-Security: max-age=60}}')
    after = site.get().headers

    assert (before["X-Content-Type-Options"], before["X-Frame-Options"]) == ("nosniff", "deny")
    assert before["Content-Security-Policy"].startswith("default-src 'none'")
    assert "X-Frame-Options" not in after
    assert after["Strict-Transport-Security"] == "max-age=60"


def test_a_new_certificate_is_served_without_a_restart(site: Site, certificates: Certificates) -> None:
    site.start(tls())
    certificates.make("renewed", "IP:127.0.0.1", "DNS:renewed")
    served = []
    for name in ("server", "renewed"):
        for ending in ("crt", "key"):
            (site.folder / f"server.{ending}").write_bytes(certificates.path(f"{name}.{ending}").read_bytes())
        served.append(ssl.get_server_certificate(("127.0.0.1", site.server.server_port)))

    assert [pem.split() for pem in served] == [
        certificates.path(f"{name}.crt").read_text().split() for name in ("server", "renewed")
    ]


def test_a_user_who_is_taken_out_is_shut_out_at_once(site: Site) -> None:
    site.start(users(alice="x", bob="y"))
    assert site.get(auth=("bob", "y")).status_code == requests.codes.ok
    site.write(users(alice="x"))

    assert site.get(auth=("bob", "y")).status_code == requests.codes.unauthorized
    assert site.get(auth=("alice", "x")).status_code == requests.codes.ok


def test_a_connection_made_before_tls_changed_must_be_made_again(site: Site) -> None:
    site.start(tls())
    url, authority = f"{site.server.url}/echo", str(site.folder / "ca.crt")
    with requests.Session() as kept:
        assert kept.get(url, verify=authority, timeout=10).text == "here"
        site.write(tls(MUTUAL))

        with pytest.raises(requests.ConnectionError):
            kept.get(url, verify=authority, timeout=10)
    assert site.get(client="client").text == "here"


def test_a_rotation_that_is_half_done_is_waited_for_and_said_once(
    site: Site, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    site.start(tls())
    (site.folder / "server.key").write_bytes(certificates.path("client.key").read_bytes())
    for site.now.now in (1.0, 2.5, 59.0):
        assert site.get().text == "here"
    (site.folder / "server.crt").write_bytes(certificates.path("client.crt").read_bytes())
    site.now.now = 61.0
    with pytest.raises(requests.exceptions.SSLError, match="IP address mismatch"):
        site.get()  # the client's certificate is served now, and is not for this host

    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert "key values mismatch" in errors[0]


@pytest.mark.parametrize("broken", ["basic_auth_users: {alice: x}", "basic_auth_user: {}", "a: ["])
def test_a_file_that_stays_broken_lets_nobody_in_until_it_is_mended(site: Site, broken: str) -> None:
    good = users(alice="x")
    site.start(good)
    site.write(broken)
    assert site.get(auth=("alice", "x")).status_code == requests.codes.ok
    site.now.now = 59.0
    assert site.get(auth=("alice", "x")).status_code == requests.codes.ok
    site.now.now = 60.0
    refused = site.get(auth=("alice", "x"))
    site.write(good)
    site.now.now = 62.0

    assert refused.status_code == requests.codes.server_error
    assert site.get(auth=("alice", "x")).status_code == requests.codes.ok


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        (users(a="x"), "", "basic_auth_users"),
        (tls() + users(a="x"), tls(), "basic_auth_users"),
        (tls(), "", "tls_server_config"),
        (tls(MUTUAL), tls(), "client_auth_type"),
    ],
)
def test_protection_does_not_go_by_a_change_of_the_file(
    site: Site, before: str, after: str, lost: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An empty file may be one that is just being written."""
    site.start(before)
    site.write(after)
    with suppress(requests.ConnectionError):
        site.get()

    assert site.server.url.startswith("https") is bool("tls" in before)
    assert f"{lost} is gone; start again to serve without it" in caplog.text


def test_tls_may_come_with_a_change_of_the_file(site: Site) -> None:
    site.start("")
    assert site.get().text == "here"
    site.write(tls(MUTUAL))

    assert site.server.url.startswith("https://")
    assert site.refuses()
    assert site.get(client="client").text == "here"

"""The client against a real Prometheus, and against servers that are not one."""

from __future__ import annotations

import base64
import contextlib
import http.server
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, ClassVar

import pytest

from gridobs.errors import ComponentFailed, ServerError, UsageError
from gridobs.prometheus import Client, Sample, Series, matcher, matcher_of_any, selector
from gridobs.testbed.http_api import PrometheusApi
from gridobs.testbed.processes import Process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    Serve = Callable[[Iterable[tuple[str, Mapping[str, str], int, float]]], str]

pytestmark = pytest.mark.e2e

NOON = 1_760_000_000


@pytest.fixture(scope="module")
def client(serve: Serve) -> Client:
    samples = [("events", {"site": "one"}, NOON + 30 * number, float(number)) for number in range(10)]
    return Client(serve([*samples, ("events", {"site": r"a\"b\\c.d"}, NOON, 7.0)]))


def test_an_instant_is_asked_for(client: Client) -> None:
    assert [Sample({"site": "one"}, 2.0)] == client.query('events{site="one"}', NOON + 60)
    assert [] == client.query("events", NOON - 60)


def test_a_range_is_asked_for_with_both_ends(client: Client) -> None:
    found = client.query_range('events{site="one"}', NOON, NOON + 60, 30)

    assert [Series({"site": "one"}, ((NOON, 0.0), (NOON + 30, 1.0), (NOON + 60, 2.0)))] == found


def test_series_and_label_values_are_listed(client: Client) -> None:
    assert [{"__name__": "events", "site": "one"}] == client.series(['events{site="one"}'], NOON, NOON + 60)
    assert ['a"b\\c.d', "one"] == client.label_values("site")
    assert ["one"] == client.label_values("site", 'events{site="one"}')


def test_a_name_with_quotes_and_backslashes_selects_just_that(client: Client) -> None:
    odd = 'a"b\\c.d'

    assert [7.0] == [sample.value for sample in client.query(selector("events", site=odd), NOON)]
    assert [7.0] == [sample.value for sample in client.query(f"events{{{matcher_of_any('site', odd, '')}}}", NOON)]
    assert [] == client.query(f"events{{{matcher_of_any('site', 'o.e')}}}", NOON)
    assert 'a="b"' == matcher("a", "b")


def test_a_query_may_be_longer_than_a_url(client: Client) -> None:
    assert [1.0] == [sample.value for sample in client.query("vector(1) " + "+ vector(0) " * 5_000)]


def test_samples_read_are_counted(client: Client) -> None:
    assert client.stats('sum_over_time(events{site="one"}[1h])', NOON + 300) == 10


def test_version_and_metadata(client: Client) -> None:
    major, *_ = client.build_info().split(".")

    assert int(major) >= 2
    assert [] == client.metadata("events")


def test_a_refused_query_says_why(client: Client) -> None:
    with pytest.raises(ServerError, match=r"/api/v1/query: answered 400, bad_data: .*parse error.*; ask what it can"):
        client.query("sum(")


def test_the_testbed_raises_its_own_error(client: Client) -> None:
    with pytest.raises(ComponentFailed, match="parse error"):
        PrometheusApi(client.url).query("sum(")
    assert [] == PrometheusApi(client.url).alerts()


class Odd(http.server.BaseHTTPRequestHandler):
    """Answers by path, and remembers what it was shown."""

    shown: ClassVar[list[str | None]] = []

    def do_POST(self) -> None:
        self.shown.append(self.headers["Authorization"])
        if self.path.startswith("/slow"):
            time.sleep(3)
        status, _, rest = self.path[1:].partition("/")
        self.send_response(int(status) if status.isdigit() else 200)
        if status == "302":
            self.send_header("Location", "https://login.example/")
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):  # who gave up waiting
            self.wfile.write(b"[]" if rest.startswith("list") else b"<html> No\nsuch page </html>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def odd() -> Iterator[str]:
    Odd.shown.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Odd) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/401", r"answered 401, <html> No such page </html>; name credentials it accepts with --token-file"),
        ("/403", r"answered 403, .*--token-file"),
        ("/404", r"answered 404, .*give the URL that comes before /api/v1"),
        ("/302", r"answered 302, a redirect to https://login.example/;"),
        ("/502", r"answered 502, .*see whether the URL is that of a Prometheus"),
        ("/200", r"answered 200, <html> No such page </html>; see whether"),
        ("/200/list", r"answered 200, \[\]; see whether"),
        ("/slow", r"no answer within 1 s; ask for less"),
    ],
)
def test_what_is_no_prometheus_is_explained(odd: str, path: str, message: str) -> None:
    with pytest.raises(ServerError, match=message):
        Client(odd + path, timeout=1).query("up")


def test_a_token_is_read_again_for_every_question(odd: str, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first\n")
    client = Client(odd, token_file=token)
    for text in ("first\n", "second\n"):
        token.write_text(text)
        with pytest.raises(ServerError):
            client.query("up")

    assert ["Bearer first", "Bearer second"] == Odd.shown


def test_a_password_is_sent_and_not_shown(odd: str) -> None:
    client = Client(odd.replace("://", "://me:p%40ss@"))
    with pytest.raises(ServerError) as caught:
        client.query("up")

    assert [f"Basic {base64.b64encode(b'me:p@ss').decode()}"] == Odd.shown
    assert "p%40ss" not in str(caught.value) + client.url


def test_nobody_there_is_explained() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ServerError, match=rf"^http://127.0.0.1:{port}/api/v1/query: .*refused; see whether it runs"):
        Client(f"http://127.0.0.1:{port}").query("up")


def test_an_unknown_host_is_explained() -> None:
    with pytest.raises(ServerError, match="see whether it runs and the URL is right"):
        Client("http://prometheus.invalid").query("up")


def test_what_cannot_work_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    for url in ("localhost:9090", "http://", "http://[::1", "ftp://localhost"):
        with pytest.raises(UsageError, match="write it like http://localhost:9090"):
            Client(url)
    with pytest.raises(UsageError, match="No such file"):
        Client("http://localhost", token_file=tmp_path / "none")
    (tmp_path / "key").touch()
    with pytest.raises(UsageError, match="--cert-file"):
        Client("http://localhost", key_file=tmp_path / "key")


@contextlib.contextmanager
def tls(folder: Path) -> Iterator[str]:
    """A Prometheus that shows a certificate and wants one."""
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    name = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [*new, *name, "-keyout", "key.pem", "-out", "cert.pem"], cwd=folder, check=True, capture_output=True
    )
    (folder / "web.yml").write_text(
        "tls_server_config: {cert_file: cert.pem, key_file: key.pem,"
        " client_auth_type: RequireAndVerifyClientCert, client_ca_file: cert.pem}\n"
    )
    (folder / "prometheus.yml").touch()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    process = Process(
        "prometheus",
        [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.config.file={folder / 'web.yml'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        log=folder / "log",
    )
    process.start()
    try:
        process.wait_until(lambda: "ready to receive web requests" in (folder / "log").read_text(), "get ready")
        yield f"https://127.0.0.1:{port}"
    finally:
        process.stop()


def test_certificates_are_shown_and_checked(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    with tls(tmp_path) as url:
        trusted = Client(url, ca_file=cert, cert_file=cert, key_file=key)

        assert [1.0] == [sample.value for sample in trusted.query("vector(1)")]
        with pytest.raises(ServerError, match="self-signed certificate; see that --ca-file has who signed"):
            Client(url, cert_file=cert, key_file=key).query("vector(1)")
        with pytest.raises(ServerError, match=url):
            Client(url, ca_file=cert).query("vector(1)")

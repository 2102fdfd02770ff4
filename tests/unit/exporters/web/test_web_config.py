"""The web configuration file: what is taken, and what is refused with its place and cure."""

from __future__ import annotations

import ssl
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from gridobs_exporters.config.document import ConfigError
from gridobs_exporters.web.config import WebConfig, read_web_config
from gridobs_exporters.web.tls import sans
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.exporters.web.conftest import Certificates

HASH = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"  # of the documentation of exporter-toolkit
PAIR = "cert_file: server.crt, key_file: server.key"

GOOD = {
    "empty": "",
    "nothing said": "tls_server_config:\nbasic_auth_users:\nhttp_server_config: {headers: }\nrate_limit:",
    "blank is absent": "tls_server_config: {cert_file: '', key_file: '', client_auth_type: ''}",
    "a pair": f"tls_server_config: {{{PAIR}}}",
    "every client is asked": f"tls_server_config: {{{PAIR}, client_auth_type: RequireAndVerifyClientCert, "
    "client_ca_file: ca.crt, client_allowed_sans: [prometheus.example, 10.0.0.1]}",
    "clients may prove who they are": f"tls_server_config: {{{PAIR}, client_auth_type: VerifyClientCertIfGiven, "
    "client_ca_file: ca.crt}",
    "a certificate nobody looks at": f"tls_server_config: {{{PAIR}, client_auth_type: RequestClientCert}}",
    "versions": f"tls_server_config: {{{PAIR}, min_version: TLS10, max_version: TLS12}}",
    "suites": f"tls_server_config: {{{PAIR}, prefer_server_cipher_suites: false, cipher_suites: "
    "[TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_RSA_WITH_AES_128_CBC_SHA, TLS_AES_128_GCM_SHA256]}",
    "curves": f"tls_server_config: {{{PAIR}, curve_preferences: [CurveP521, CurveP256, X25519]}}",
    "users": f"basic_auth_users: {{alice: {HASH}, 4711: {HASH.replace('2y', '2a')}}}",
    "headers": "http_server_config: {http2: false, headers: {X-Frame-Options: sameorigin, "
    "Strict-Transport-Security: max-age=3600, Content-Security-Policy: '', X-Content-Type-Options: nosniff, "
    "X-XSS-Protection: '1'}}",
    "a rate": "rate_limit: {interval: 1m1.5s, burst: 20}",
    "no rate": "rate_limit: {interval: 0, burst: 0}",
}

BAD = {
    "tls: 1": "1:1: unknown key 'tls'; ",
    "tls_server_config: {cert_fil: server.crt}": "1:21: unknown key 'cert_fil'; did you mean 'cert_file'?",
    "tls_server_config: 1": "1:1: 1 will not do: TLS for those who ask",
    "tls_server_config: {min_version: TLS13}": "1:1: TLS needs cert_file, a file in PEM, or cert, the PEM itself",
    "tls_server_config: {cert_file: server.crt}": "1:1: TLS needs key_file, a file in PEM, or key, the PEM itself",
    "tls_server_config: {key_file: server.key}": "1:1: TLS needs cert_file, a file in PEM, or cert, the PEM itself",
    "tls_server_config: {cert_file: none, key_file: server.key}": "1:21: cannot read none: No such file or ",
    "tls_server_config: {cert_file: server.crt, key_file: client.key}": "1:21: cannot use certificate and key: "
    "key values mismatch; give PEM that belongs together, unencrypted",
    "tls_server_config: {cert_file: server.key, key_file: server.key}": "1:21: cannot use certificate and key: ",
    "http_server_config: {headers: {Server: nginx}}": "1:32: unknown key 'Server'; ",
    "http_server_config: {headers: {X-Frame-Options: allow}}": "1:32: 'allow' will not do: ",
    'http_server_config: {headers: {X-XSS-Protection: "1\\r\\nSet-Cookie: a=b"}}': "1:32: ",
    "http_server_config: {http2: maybe}": "1:22: 'maybe' will not do: ",
    "basic_auth_users: [alice]": "1:1: ['alice'] will not do: a mapping of names to bcrypt hashes",
    f'basic_auth_users: {{"a:b": {HASH}}}': "1:20: basic authentication cannot send a name with a colon; change it",
    "rate_limit: {interval: 5, burst: 0}": "1:27: 0 lets no request in; write e.g. burst: 20",
    "rate_limit: {interval: 1 second}": "1:14: '1 second' will not do: the time between two requests; write e.g. 1s",
    "rate_limit: {interval: 1s, burst: -1}": "1:28: -1 will not do: requests that may come at once; write e.g. 20",
    "- a": "1:1: must be a mapping",
    "a: [": "2:1: not YAML: ",
}

BAD_BESIDE_A_PAIR = {
    "cert: x": "cert_file is given too; keep one",
    "client_auth_type: Maybe": "'Maybe' will not do: what is asked of clients; write e.g. RequireAndVerifyClientCert",
    "client_ca_file: ca.crt": "of no use with NoClientCert; write client_auth_type: RequireAndVerifyClientCert",
    "client_auth_type: RequireAndVerifyClientCert": "RequireAndVerifyClientCert needs to know who vouches for "
    "clients; give client_ca_file",
    "client_auth_type: RequireAnyClientCert": "RequireAnyClientCert lets in who makes a certificate for it; "
    "write RequireAndVerifyClientCert and give client_ca_file",
    "client_ca_file: server.key\n  client_auth_type: RequireAndVerifyClientCert": "cannot use these authorities: ",
    "client_allowed_sans: [a]": "NoClientCert lets in who has no certificate; "
    "write client_auth_type: RequireAndVerifyClientCert",
    "client_allowed_sans: []": "[] will not do: the clients let in",
    "cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]": "'TLS_RSA_WITH_RC4_128_SHA' will not do: a suite of TLS 1.2 by Go's "
    "name; write e.g. TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "max_version: TLS12\n  cipher_suites: [TLS_AES_128_GCM_SHA256]": "no version of TLS is left; raise it, or ",
    "max_version: TLS12\n  min_version: TLS13": "no version of TLS is left; ",
    "max_version: TLS11": "'TLS11' will not do: the highest version spoken; ",
    "curve_preferences: [CurveP257]": "'CurveP257' will not do: a curve; ",
}


@pytest.fixture
def folder(tmp_path: Path, certificates: Certificates) -> Path:
    for file in certificates.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def read(folder: Path, text: str) -> WebConfig:
    path = folder / "web.yml"
    path.write_text(text)
    return read_web_config(path)


@pytest.mark.parametrize("name", GOOD)
def test_a_file_of_exporter_toolkit_is_taken(folder: Path, name: str) -> None:
    read(folder, GOOD[name])


@pytest.mark.parametrize("text", BAD)
def test_a_file_that_cannot_work_is_refused_at_its_place(folder: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(folder, text)

    assert str(caught.value).splitlines()[0].startswith(f"{folder / 'web.yml'}:{BAD[text]}")


@pytest.mark.parametrize("line", BAD_BESIDE_A_PAIR)
def test_a_setting_of_tls_that_cannot_work_is_refused_at_its_line(folder: Path, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(folder, f"tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  {line}\n")

    place, _, told = str(caught.value).partition(" ")
    assert place.startswith(f"{folder / 'web.yml'}:4:")
    assert told.startswith(BAD_BESIDE_A_PAIR[line])


def test_all_faults_are_told_at_once(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(folder, "basic_auth_users:\n  a: x\n  b: y\ntls_server_config:\n  cert_file: none\n  key_file: none\n")

    places = [line.removeprefix(f"{folder / 'web.yml'}:").split(":")[0] for line in str(caught.value).splitlines()]
    assert places == ["5", "6", "2", "3"]


@pytest.mark.parametrize("hashed", ["hunter2", "12345", "{a: hunter2}", "", HASH[:-1], HASH.replace("$10$", "$03$")])
def test_what_is_no_hash_is_refused_and_not_shown(folder: Path, hashed: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(folder, f"basic_auth_users:\n  alice: {hashed}")

    assert str(caught.value) == (f"{folder / 'web.yml'}:2:3: not a bcrypt hash; make one with: htpasswd -nBC 10 NAME")


@pytest.mark.parametrize("key", ["12345", "[hunter2]", "hunter2"])
def test_a_key_that_cannot_be_used_is_not_shown(folder: Path, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(folder, f"tls_server_config:\n  cert_file: server.crt\n  key: {key}")

    assert key.strip("[]") not in str(caught.value)


def test_an_encrypted_key_is_refused_without_asking_for_its_password(folder: Path) -> None:
    command = ["openssl", "pkey", "-aes256", "-passout", "pass:secret", "-in", "server.key", "-out", "locked.key"]
    subprocess.run(command, cwd=folder, check=True)
    with pytest.raises(ConfigError, match=":1:21: cannot use certificate and key: "):
        read(folder, "tls_server_config: {cert_file: server.crt, key_file: locked.key}")


def test_certificate_and_key_may_stand_in_the_file(folder: Path) -> None:
    pem = {
        name: "".join(f"\n    {line}" for line in (folder / file).read_text().splitlines())
        for name, file in (("cert", "server.crt"), ("key", "server.key"), ("client_ca", "ca.crt"))
    }
    sections = "".join(f"  {name}: |{text}\n" for name, text in pem.items())
    config = read(folder, f"tls_server_config:\n{sections}  client_auth_type: RequireAndVerifyClientCert\n")

    assert config.tls
    assert config.tls.context.verify_mode == ssl.CERT_REQUIRED
    assert list(config.stamps) == [folder / "web.yml"]


def test_what_is_older_than_tls_1_2_is_served_as_tls_1_2(folder: Path) -> None:
    config = read(folder, f"tls_server_config: {{{PAIR}, min_version: TLS10}}")

    assert config.tls
    assert config.tls.context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_suites_of_tls_1_3_alone_leave_nothing_older(folder: Path) -> None:
    config = read(folder, f"tls_server_config: {{{PAIR}, cipher_suites: [TLS_AES_128_GCM_SHA256]}}")

    assert config.tls
    assert config.tls.context.minimum_version == ssl.TLSVersion.TLSv1_3


@pytest.mark.parametrize(
    ("interval", "seconds"), [("1s", 1), ("1m1.5s", 61.5), ("250ms", 0.25), ("2000000000", 2), ("1h", 3600)]
)
def test_intervals_are_read_as_go_reads_them(folder: Path, interval: str, seconds: float) -> None:
    rate = read(folder, f"rate_limit: {{interval: {interval}, burst: 3}}").rate

    assert rate
    assert rate.interval == pytest.approx(seconds)
    assert rate.burst == 3


def test_names_of_a_certificate_are_written_as_go_writes_them() -> None:
    names = (("DNS", "a.example"), ("IP Address", "0:0:0:0:0:0:0:1\n"), ("URI", "spiffe://a"), ("email", "a@b"))

    assert sans({"subjectAltName": (*names, ("othername", "x"))}) == {"a.example", "::1", "spiffe://a", "a@b"}
    assert sans({}) == sans(None) == set()


@given(text=st.text(max_size=200) | st.sampled_from(sorted(BAD)).flatmap(st.permutations).map("".join))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_whatever_stands_in_the_file_only_one_exception_escapes(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yml"
    path.write_text(text, encoding="utf-8", errors="replace")
    with suppress(ConfigError):
        read_web_config(path)

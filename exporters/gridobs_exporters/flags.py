"""Flags to settings. Everything wrong is reported at once, each with its cure."""

from __future__ import annotations

import argparse
import re
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar
from urllib.parse import urlsplit

from gridobs_exporters.durations import parse_duration
from gridobs_exporters.mqtt.collector import MqttSettings
from gridobs_exporters.mqtt.probe import ProbeSettings
from gridobs_exporters.mqtt.target import Broker
from gridobs_exporters.pipeline.collector import PipelineSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_LEVELS = ("debug", "info", "warning", "error")
_HIGHEST_PORT = 65535
T = TypeVar("T")


class FlagError(Exception):
    """Flags that cannot work; one line per problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What to serve and where. A collector that is off is None."""

    host: str
    port: int
    metrics_path: str
    log_level: str
    mqtt: MqttSettings | None
    pipeline: PipelineSettings | None


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise FlagError(f"{message}; see gridobs-exporter --help")


def parse(argv: Sequence[str], *, version: str) -> Settings:
    """Settings from flags; reads the password and certificate files they name.

    Raises:
        FlagError: If any flag cannot work.
        SystemExit: After ``--help`` and ``--version``.
    """
    flags = _parser(version).parse_args(argv)
    problems: list[str] = []
    host, port = _try(problems, lambda: _listen_address(flags.listen), ("", 0))
    if not re.fullmatch(r"/[A-Za-z0-9/_.-]*", flags.path):
        problems.append(f"--web.telemetry-path: {flags.path!r} is not a path; write e.g. /metrics")
    mqtt = pipeline = None
    if _is_on(flags, problems, collector="mqtt", target="broker", cure="--mqtt.broker mqtt://HOST:1883"):
        mqtt = _mqtt(flags, problems)
    if _is_on(flags, problems, collector="pipeline", target="store", cure="--pipeline.store PATH"):
        interval = _duration(problems, "--pipeline.quick-check-interval", flags.quick_check_interval, zero=True)
        pipeline = PipelineSettings(store=Path(flags.store), quick_check_interval=interval)
    if not problems and not mqtt and not pipeline:
        problems.append("no collector is on; give --mqtt.broker mqtt://HOST:1883 or --pipeline.store PATH")
    if problems:
        raise FlagError("\n".join(problems))
    return Settings(
        host=host, port=port, metrics_path=flags.path, log_level=flags.log_level, mqtt=mqtt, pipeline=pipeline
    )


def _parser(version: str) -> argparse.ArgumentParser:
    parser = _Parser(prog="gridobs-exporter", description="Series about one substation.", allow_abbrev=False)
    add = parser.add_argument
    add("--version", action="version", version=f"gridobs-exporter {version}")
    add("--log.level", dest="log_level", default="info", choices=_LEVELS)
    add("--web.listen-address", dest="listen", default="127.0.0.1:9817", metavar="HOST:PORT")
    add("--web.telemetry-path", dest="path", default="/metrics", metavar="PATH")
    on_off = argparse.BooleanOptionalAction
    add(
        "--collector.disable-defaults", dest="no_defaults", action="store_true", help="only collectors that are named"
    )
    add("--collector.mqtt", dest="mqtt", action=on_off, help="on when --mqtt.broker is given")
    add("--collector.pipeline", dest="pipeline", action=on_off, help="on when --pipeline.store is given")
    add("--mqtt.broker", dest="broker", metavar="URL", help="mqtt://HOST:PORT, or mqtts:// for TLS")
    add("--mqtt.username", dest="username", metavar="NAME")
    add("--mqtt.password-file", dest="password_file", metavar="PATH")
    add(
        "--mqtt.ca-file",
        dest="ca_file",
        metavar="PATH",
        help="authorities that vouch for the broker; default: system's",
    )
    add("--mqtt.cert-file", dest="cert_file", metavar="PATH", help="our certificate, for brokers that ask for one")
    add("--mqtt.key-file", dest="key_file", metavar="PATH")
    add("--mqtt.sys-interval", dest="sys_interval", default="10s", metavar="TIME", help="the broker's sys_interval")
    add("--mqtt.probe-interval", dest="probe_interval", default="15s", metavar="TIME")
    add("--mqtt.probe-timeout", dest="probe_timeout", default="2s", metavar="TIME")
    add("--mqtt.probe-topic", dest="probe_topic", metavar="TOPIC", help="default: gridobs/probe/<hostname>")
    add("--pipeline.store", dest="store", metavar="PATH", help="the SQLite file the processor writes")
    add("--pipeline.quick-check-interval", dest="quick_check_interval", default="1h", metavar="TIME", help="0: never")
    return parser


def _is_on(flags: argparse.Namespace, problems: list[str], *, collector: str, target: str, cure: str) -> bool:
    """A collector is on if asked for, else if it has a target and defaults are not disabled."""
    asked, has_target = getattr(flags, collector), bool(getattr(flags, target))
    if asked and not has_target:
        problems.append(f"--collector.{collector}: needs to know what to read; add {cure}")
        return False
    return has_target and (not flags.no_defaults if asked is None else asked)


def _mqtt(flags: argparse.Namespace, problems: list[str]) -> MqttSettings | None:
    before = len(problems)
    scheme, host, port = _try(problems, lambda: _broker_url(flags.broker), ("mqtt", "", 0))
    tls = None
    if scheme == "mqtts":
        tls = _try(problems, lambda: _tls(flags.ca_file, flags.cert_file, flags.key_file), None)
    elif flags.ca_file or flags.cert_file or flags.key_file:
        problems.append("--mqtt.ca-file, --mqtt.cert-file, --mqtt.key-file: of no use without TLS; write mqtts://")
    password = None
    if flags.password_file:
        password = _try(problems, lambda: _password(flags.password_file), None)
        if not flags.username:
            problems.append("--mqtt.password-file: a password needs a name; add --mqtt.username NAME")
    topic = flags.probe_topic or f"gridobs/probe/{socket.gethostname()}"
    if re.search(r"[+#\0]|^\$|^/|/$", topic):
        problems.append(
            f"--mqtt.probe-topic: {topic!r} cannot be published to; leave out + and #, and / or $ at its ends"
        )
    probe = ProbeSettings(
        interval=_duration(problems, "--mqtt.probe-interval", flags.probe_interval),
        timeout=_duration(problems, "--mqtt.probe-timeout", flags.probe_timeout),
        topic=topic,
    )
    sys_interval = _duration(problems, "--mqtt.sys-interval", flags.sys_interval)
    if len(problems) > before:
        return None
    broker = Broker(host=host, port=port, username=flags.username, password=password, tls=tls)
    return MqttSettings(broker=broker, sys_interval=sys_interval, probe=probe)


def _try(problems: list[str], make: Callable[[], T], default: T) -> T:
    try:
        return make()
    except ValueError as error:
        problems.append(str(error))
        return default


def _duration(problems: list[str], flag: str, text: str, *, zero: bool = False) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        problems.append(f"{flag}: {error}")
        return 0.0
    if not seconds and not zero:
        problems.append(f"{flag}: must be longer than 0; write e.g. 10s")
    return seconds


def _listen_address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > _HIGHEST_PORT:
        raise ValueError(f"--web.listen-address: {text!r} is not HOST:PORT; write e.g. 127.0.0.1:9817 or :9817")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _broker_url(text: str) -> tuple[str, str, int]:
    cure = "write mqtt://HOST:1883, or mqtts://HOST:8883 for TLS"
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise ValueError(f"--mqtt.broker: {text!r}: {error}; {cure}") from error
    if url.username or url.password:
        raise ValueError(
            "--mqtt.broker: every process can read a password here; use --mqtt.username, --mqtt.password-file"
        )
    if url.scheme not in _PORTS or not url.hostname or url.path.strip("/") or url.query or url.fragment or port == 0:
        raise ValueError(f"--mqtt.broker: {text!r} is not a broker's address; {cure}")
    return url.scheme, url.hostname, port or _PORTS[url.scheme]


def _password(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ValueError(f"--mqtt.password-file: cannot read {path}: {reason}; let this user read it") from error


def _tls(ca_file: str | None, cert_file: str | None, key_file: str | None) -> ssl.SSLContext:
    if key_file and not cert_file:
        raise ValueError("--mqtt.key-file: a key needs its certificate; add --mqtt.cert-file PATH")
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ValueError(
            f"--mqtt.ca-file: cannot use {ca_file}: {error.strerror or error}; give a PEM file"
        ) from error
    if cert_file:
        try:
            context.load_cert_chain(cert_file, key_file, password="")
        except OSError as error:
            files = f"{cert_file} {key_file or ''}".strip()
            reason = error.strerror or error
            raise ValueError(
                f"--mqtt.cert-file: cannot use {files}: {reason}; give PEM files, the key unencrypted"
            ) from error
    return context

"""The ``mqtt`` section of the configuration."""

from __future__ import annotations

import re
import socket
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gridobs_exporters.config import schema
from gridobs_exporters.config.section import refuse_same_names
from gridobs_exporters.fetch import Fetcher
from gridobs_exporters.kind import CollectorKind, Flag
from gridobs_exporters.mqtt.collector import MqttCollector, MqttSettings
from gridobs_exporters.mqtt.probe import ProbeSettings
from gridobs_exporters.mqtt.stats_page import StatsSettings
from gridobs_exporters.mqtt.tables.emqx import EMQX
from gridobs_exporters.mqtt.tables.hivemq import HIVEMQ
from gridobs_exporters.mqtt.tables.nanomq import NANOMQ
from gridobs_exporters.mqtt.tables.vernemq import VERNEMQ
from gridobs_exporters.mqtt.target import Broker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.config.section import Section
    from gridobs_exporters.kind import Make

TABLES = {"emqx": EMQX, "nanomq": NANOMQ, "vernemq": VERNEMQ, "hivemq": HIVEMQ}
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_CURE = "write mqtt://HOST:1883, or mqtts://HOST:8883 for TLS"

STATS = schema.mapping(
    {
        "url": schema.text("the statistics page", TABLES["emqx"].example),
        "username": schema.text("the name to ask with; for EMQX the API key", "gridobs"),
        "password_file": schema.text("a file with the password, or EMQX's secret key", "/etc/gridobs/stats-password"),
        "token_file": schema.text("a file with a bearer token, instead of a name", "/etc/gridobs/stats-token"),
        **schema.tls_files("the page"),
        "interval": schema.duration("from one reading to the next", "15s"),
        "timeout": schema.duration("for one reading", "10s"),
    },
    required=["url"],
    description="the statistics page of a broker other than Mosquitto",
)
BROKER = schema.mapping(
    {
        "name": schema.text("the broker label; default: HOST:PORT", "main"),
        "kind": schema.choice(f"what the broker is: mosquitto, {', '.join(TABLES)}", "mosquitto", *TABLES),
        "url": schema.text("the broker's address", "mqtts://broker:8883"),
        "username": schema.text("the name to come in with", "gridobs"),
        "password_file": schema.text("a file with the password", "/etc/gridobs/mqtt-password"),
        **schema.tls_files("the broker"),
        "sys_interval": schema.duration("the broker's sys_interval", "10s"),
        "stats": STATS,
        "probe_interval": schema.duration("from one round trip to the next", "15s"),
        "probe_timeout": schema.duration("for getting in, and then for each round trip", "2s"),
        "probe_topic": schema.text(
            "a topic to publish to: without + and #, and no / or $ at its ends",
            "gridobs/probe/node-1",
            pattern=r"^(?![$/])[^+#\0]*[^+#\0/]$",
        ),
    },
    required=["url"],
    description="a broker",
)


def prepare(section: Section) -> Make:
    brokers = section.sections("brokers")
    settings = [read_broker(broker) for broker in brokers]
    refuse_same_names(brokers, [setting.name for setting in settings])

    def make(clock: Clock) -> MqttCollector:
        return MqttCollector(settings, clock=clock)

    return make


def read_broker(section: Section) -> MqttSettings:
    """The settings of one broker; what is wrong is told to ``section``."""
    scheme, host, port = _address(section)
    username, password = section.login()
    tls = section.tls_for(scheme, secure="mqtts")
    broker = Broker(host=host, port=port, username=username, password=password, tls=tls)
    probe = ProbeSettings(
        interval=section.positive_seconds("probe_interval", "15s"),
        timeout=section.positive_seconds("probe_timeout", "2s"),
        topic=section.get("probe_topic", f"gridobs/probe/{socket.gethostname()}"),
    )
    name = section.get("name") or str(broker).partition("://")[2]
    sys_interval = section.positive_seconds("sys_interval", "10s")
    return MqttSettings(name=name, broker=broker, sys_interval=sys_interval, probe=probe, stats=_read_stats(section))


def _read_stats(section: Section) -> StatsSettings | None:
    kind, stats = section.get("kind", "mosquitto"), section.section("stats")
    table = TABLES.get(kind)
    if table is None:
        if stats is not None:
            section.problem("stats", "a Mosquitto has no statistics page; say its kind, or leave stats out")
        return None
    if stats is None:
        section.problem("kind", f"lacks stats, the page that tells them; write below it e.g. url: {table.example}")
        return None
    base, path, scheme = _page_address(stats, table.example)
    fetcher = Fetcher(
        base,
        tls=stats.tls_for(scheme, secure="https"),
        headers=_credentials(stats),
        timeout=stats.positive_seconds("timeout", "10s"),
        connections=1,
    )
    return StatsSettings(table=table, fetcher=fetcher, path=path, interval=stats.positive_seconds("interval", "15s"))


def _credentials(stats: Section) -> Callable[[], Mapping[str, str]]:
    """What to ask with, read anew each time, so that a new secret needs no restart."""
    username, password, token = stats.get("username"), stats.path("password_file"), stats.path("token_file")
    for key in ("password_file", "token_file"):
        stats.secret(key)
    if token is not None and (username or password):
        stats.problem("token_file", "a token stands for name and password; give one or the other")
    if bool(username) != bool(password):
        key, other = ("username", "password_file") if username else ("password_file", "username")
        stats.problem(key, f"goes with {other}; give both")

    def headers() -> Mapping[str, str]:
        if token is not None:
            return {"Authorization": f"Bearer {_first_line(token)}"}
        if username and password is not None:
            pair = f"{username}:{_first_line(password)}"
            return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        return {}

    return headers


def _first_line(path: Path) -> str:
    return path.read_text(encoding="utf-8").rstrip("\r\n")


def _page_address(stats: Section, example: str) -> tuple[str, str, str]:
    """Scheme and authority, path with query, and the scheme alone."""
    text = stats.get("url")
    try:
        url = urlsplit(text)
        known = url.port != 0 and url.hostname and url.scheme in {"http", "https"} and not url.fragment
    except ValueError:
        known = False
    if not known:
        stats.problem("url", f"{text!r} is not a page's address; write e.g. {example}")
        return "", "", ""
    if url.username or url.password:
        stats.problem("url", "others can read a password here; use username and password_file")
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return f"{url.scheme}://{url.netloc}", path, url.scheme


def _address(section: Section) -> tuple[str, str, int]:
    url_text = section.get("url")
    try:
        url = urlsplit(url_text)
        port = url.port
    except ValueError as error:
        section.problem("url", f"{url_text!r}: {error}; {_CURE}")
        return "mqtt", "", 0
    if url.username or url.password:
        section.problem("url", "others can read a password here; use username and password_file")
    elif url.scheme not in _PORTS or not url.hostname or re.search(r"[^/]", url.path) or url.query or url.fragment:
        section.problem("url", f"{url_text!r} is not a broker's address; {_CURE}")
    elif port == 0:
        section.problem("url", f"{url_text!r}: no broker listens on port 0; {_CURE}")
    return url.scheme, url.hostname or "", port or _PORTS.get(url.scheme, 0)


def _flag(name: str, key: str | tuple[str, ...], metavar: str, text: str) -> Flag:
    keys = (key,) if isinstance(key, str) else key
    return Flag(name=f"--mqtt.{name}", keys=("brokers", 0, *keys), metavar=metavar, help=text)


MQTT = CollectorKind(
    name="mqtt",
    about="MQTT brokers, seen from outside and by what they say of themselves",
    schema=schema.mapping(
        {"brokers": schema.items(BROKER, description="the brokers; --mqtt.broker URL names the only one", least=1)},
        required=["brokers"],
    ),
    flags=(
        _flag("broker", "url", "URL", "mqtt://HOST:PORT, or mqtts:// for TLS"),
        _flag("broker-name", "name", "NAME", "the broker label; default: HOST:PORT"),
        _flag("kind", "kind", "KIND", f"mosquitto (default), {', '.join(TABLES)}"),
        _flag("stats-url", ("stats", "url"), "URL", "its statistics page, unless it is a Mosquitto"),
        _flag("stats-username", ("stats", "username"), "NAME", "the name to ask for that page with"),
        _flag("stats-password-file", ("stats", "password_file"), "PATH", "a file with the password for it"),
        _flag("username", "username", "NAME", "the name to come in with"),
        _flag("password-file", "password_file", "PATH", "a file with the password"),
        _flag("ca-file", "ca_file", "PATH", "authorities that vouch for the broker; default: system's"),
        _flag("cert-file", "cert_file", "PATH", "our certificate, for brokers that ask for one"),
        _flag("key-file", "key_file", "PATH", "its key"),
        _flag("sys-interval", "sys_interval", "TIME", "the broker's sys_interval; default: 10s"),
        _flag("probe-interval", "probe_interval", "TIME", "default: 15s"),
        _flag("probe-timeout", "probe_timeout", "TIME", "default: 2s"),
        _flag("probe-topic", "probe_topic", "TOPIC", "default: gridobs/probe/<hostname>"),
    ),
    prepare=prepare,
)

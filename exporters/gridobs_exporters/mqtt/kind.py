"""The ``mqtt`` section of the configuration."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gridobs_exporters.config import schema
from gridobs_exporters.kind import CollectorKind, Flag
from gridobs_exporters.mqtt.collector import MqttCollector, MqttSettings
from gridobs_exporters.mqtt.probe import ProbeSettings
from gridobs_exporters.mqtt.target import Broker

if TYPE_CHECKING:
    from gridobs_exporters.clock import Clock
    from gridobs_exporters.config.section import Section
    from gridobs_exporters.kind import Make

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_CURE = "write mqtt://HOST:1883, or mqtts://HOST:8883 for TLS"

BROKER = schema.mapping(
    {
        "name": schema.text("the broker label; default: HOST:PORT", "main"),
        "url": schema.text("the broker's address", "mqtts://broker:8883"),
        "username": schema.text("the name to come in with", "gridobs"),
        "password_file": schema.text("a file with the password", "/etc/gridobs/mqtt-password"),
        "ca_file": schema.text("authorities that vouch for the broker, PEM", "/etc/gridobs/ca.pem"),
        "cert_file": schema.text("our certificate, PEM", "/etc/gridobs/tls.crt"),
        "key_file": schema.text("its key, PEM", "/etc/gridobs/tls.key"),
        "sys_interval": schema.duration("the broker's sys_interval", "10s"),
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
    settings = [read_broker(broker) for broker in section.sections("brokers")]
    names = [setting.name for setting in settings]
    for index, name in enumerate(names):
        if name in names[:index]:
            section.sections("brokers")[index].problem("name", f"the name {name!r} is taken; give it another name")

    def make(clock: Clock) -> MqttCollector:
        return MqttCollector(settings, clock=clock)

    return make


def read_broker(section: Section) -> MqttSettings:
    """The settings of one broker; what is wrong is told to ``section``."""
    scheme, host, port = _address(section)
    tls = None
    if scheme == "mqtts":
        tls = section.client_tls()
    elif given := next((key for key in ("ca_file", "cert_file", "key_file") if section.get(key)), None):
        section.problem(given, "of no use without TLS; write the url as mqtts://")
    password = section.secret("password_file")
    if password is not None and not section.get("username"):
        section.problem("password_file", "a password needs a name; give username too")
    broker = Broker(host=host, port=port, username=section.get("username"), password=password, tls=tls)
    probe = ProbeSettings(
        interval=_longer_than_zero(section, "probe_interval", "15s"),
        timeout=_longer_than_zero(section, "probe_timeout", "2s"),
        topic=section.get("probe_topic", f"gridobs/probe/{socket.gethostname()}"),
    )
    name = section.get("name") or str(broker).partition("://")[2]
    sys_interval = _longer_than_zero(section, "sys_interval", "10s")
    return MqttSettings(name=name, broker=broker, sys_interval=sys_interval, probe=probe)


def _longer_than_zero(section: Section, key: str, default: str) -> float:
    seconds = section.seconds(key, default)
    if not seconds:
        section.problem(key, f"must be longer than 0; write e.g. {default}")
    return seconds


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


def _flag(name: str, key: str, metavar: str, text: str) -> Flag:
    return Flag(name=f"--mqtt.{name}", keys=("brokers", 0, key), metavar=metavar, help=text)


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

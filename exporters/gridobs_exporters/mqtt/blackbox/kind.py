"""The ``probe`` section of the configuration."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING

from gridobs_exporters.config import schema
from gridobs_exporters.kind import PageKind
from gridobs_exporters.mqtt.blackbox.allow import AllowList
from gridobs_exporters.mqtt.blackbox.checks import CHECKS
from gridobs_exporters.mqtt.blackbox.module import Module
from gridobs_exporters.mqtt.blackbox.page import ProbePage
from gridobs_exporters.pages import Route

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.config.schema import Schema
    from gridobs_exporters.config.section import Section
    from gridobs_exporters.kind import MakeRoute

_MOST_MESSAGES = 1000

_MODULE = schema.mapping(
    {
        "qos": schema.items({"enum": [0, 1, 2], "description": "a QoS", "examples": ["1"]}, least=1)
        | {"uniqueItems": True, "description": "the QoS to send messages at, each once", "examples": ["[0, 1, 2]"]},
        "messages": schema.number("how many of each QoS, at most 1000", 10, least=1) | {"maximum": _MOST_MESSAGES},
        "checks": schema.items(schema.choice(f"a check: {', '.join(CHECKS)}", *CHECKS))
        | {
            "uniqueItems": True,
            "description": "what else to ask of the broker, each once",
            "examples": ["[retained]"],
        },
        "timeout": schema.duration("for the whole probe, if the scrape leaves that much", "5s"),
        "topic": schema.text(
            "what its topics begin with: without + and #, and no / or $ at its ends",
            "gridobs/probe/node-1",
            pattern=r"^(?![$/])[^+#\0]*[^+#\0/]$",
        ),
        "username": schema.text("the name to come in with", "gridobs"),
        "password_file": schema.text("a file with the password", "/etc/gridobs/mqtt-password"),
        **schema.tls_files("the brokers"),
    },
    description="what to do and as whom",
)
_SECTION: Schema = schema.mapping(
    {
        "targets": schema.items(
            schema.text("a broker's address; * in its host stands for any but the dot", "mqtts://broker-*.svc:8883"),
            description="the brokers that may be probed",
            least=1,
        ),
        "modules": {
            "type": "object",
            "additionalProperties": _MODULE,
            "propertyNames": {
                "pattern": r"^[A-Za-z0-9_.-]{1,64}$",
                "description": "a module has a name of letters, digits, _, . and -",
            },
            "minProperties": 1,
            "description": "what probes do; default: qos0, qos1, qos2 and full, without a name",
        },
    },
    required=["targets"],
    description="the page /probe",
)


def read_modules(section: Section, *, tls: bool) -> Mapping[str, Module]:
    """The modules by name; what is wrong is told to ``section``. ``tls`` says whether any target needs it."""
    given = section.section("modules")
    if given is None:
        return _default_modules(section.client_tls() if tls else None)
    return {name: _read(module, tls=tls) for name in given.values if (module := given.section(name)) is not None}


def _default_modules(tls: ssl.SSLContext | None) -> Mapping[str, Module]:
    plain = Module(topic=_topic(), tls=tls)
    return {
        **{f"qos{qos}": replace(plain, qos=(qos,)) for qos in (0, 1, 2)},
        "full": replace(plain, qos=(0, 1, 2), checks=tuple(CHECKS)),
    }


def _read(section: Section, *, tls: bool) -> Module:
    username, password = section.login()
    if not tls and (given := next((key for key in ("ca_file", "cert_file", "key_file") if section.get(key)), None)):
        section.problem(given, "of no use without TLS; write the targets as mqtts://")
    return Module(
        qos=tuple(section.get("qos", (1,))),
        messages=section.get("messages", 10),
        checks=tuple(section.get("checks", ())),
        timeout=section.positive_seconds("timeout", "5s"),
        topic=section.get("topic", _topic()),
        username=username,
        password=password,
        tls=section.client_tls() if tls else None,
    )


def _topic() -> str:
    return f"gridobs/probe/{socket.gethostname()}"


def prepare(section: Section) -> MakeRoute:
    patterns = section.get("targets")
    try:
        allowed = AllowList(patterns)
    except ValueError as error:
        allowed = AllowList(())
        section.problem("targets", str(error))
    modules = read_modules(section, tls=any(pattern.startswith("mqtts:") for pattern in patterns))

    def make(clock: Clock) -> Route:
        about = "a broker, probed now: ?target=mqtts://HOST:8883&module=NAME"
        return Route(path="/probe", answer=ProbePage(allowed, modules, clock=clock), about=about)

    return make


PROBE = PageKind(name="probe", about="the page /probe, for MQTT brokers", schema=_SECTION, prepare=prepare)

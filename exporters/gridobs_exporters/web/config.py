"""The file of ``--web.config.file``, in exporter-toolkit's format.

https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gridobs_exporters.config import schema
from gridobs_exporters.config.document import ConfigError, read
from gridobs_exporters.config.schema import faults
from gridobs_exporters.config.section import Section
from gridobs_exporters.web import tls

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    Stamp = tuple[int, ...]

_HASH = re.compile(r"\$2[aby]\$(?:0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = r"([0-9]{1,9}(?:\.[0-9]{0,9})?)(ns|us|µs|ms|s|m|h)"
_VALUE = r"^[\t\x20-\x7e]*$"

SCHEMA = schema.mapping(
    {
        "tls_server_config": tls.SCHEMA,
        "http_server_config": schema.mapping(
            {
                "http2": schema.flag("whether HTTP/2 is offered; this server speaks HTTP/1.1 and ignores it"),
                "headers": schema.mapping(
                    {
                        "Content-Security-Policy": {"type": "string", "pattern": _VALUE},
                        "Strict-Transport-Security": {"type": "string", "pattern": _VALUE},
                        "X-Content-Type-Options": {"enum": ["nosniff", ""]},
                        "X-Frame-Options": {"enum": ["deny", "sameorigin", ""]},
                        "X-XSS-Protection": {"type": "string", "pattern": _VALUE},
                    }
                ),
            }
        ),
        "basic_auth_users": {"type": "object", "description": "a mapping of names to bcrypt hashes"},
        "rate_limit": schema.mapping(
            {
                "interval": {
                    "type": ["string", "integer"],
                    "pattern": rf"^(?:{_PART})+$|^0$",
                    "minimum": 0,
                    "description": "the time between two requests",
                    "examples": ["1s"],
                },
                "burst": schema.number("requests that may come at once", 20),
            }
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most ``burst`` requests at once, and one more every ``interval`` seconds."""

    interval: float
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WebConfig:
    """``users`` maps names to bcrypt hashes. ``stamps`` tell each file it was read from as it was then."""

    tls: tls.ServerTls | None = None
    users: Mapping[str, bytes] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    rate: Rate | None = None
    stamps: Mapping[Path, Stamp] = field(default_factory=dict)

    @property
    def outdated(self) -> bool:
        return any(_stamp(path) != stamp for path, stamp in self.stamps.items())


def read_web_config(path: Path) -> WebConfig:
    """What the file at ``path`` and the files it names say; relative paths are relative to it.

    Raises:
        ConfigError: If anything of it cannot work, one line per fault; no line shows a key or a password.
    """
    stamps = {path: _stamp(path)}
    document = read(path)
    data = _without_blanks(document.data)
    for key in ("tls_server_config", "http_server_config", "rate_limit"):
        data[key] = _without_blanks(data.get(key, {}))
    section = Section(data, (), document.places)
    section.problems.extend(f"{section.at(*keys)}: {told}" for keys, told in faults(data, SCHEMA))
    if section.problems:
        raise ConfigError("\n".join(section.problems))

    def read_beside(other: Path) -> bytes:
        beside = path.parent / other
        stamps[beside] = _stamp(beside)
        return beside.read_bytes()

    secured = section.section("tls_server_config")
    config = WebConfig(
        tls=tls.server_tls(secured, read_beside) if secured and secured.values else None,
        users=_users(section),
        headers=data["http_server_config"].get("headers", {}),
        rate=_rate(section),
        stamps=stamps,
    )
    if section.problems:
        raise ConfigError("\n".join(section.problems))
    return config


def _without_blanks(data: Any) -> Any:  # noqa: ANN401 - the schema tells what is no mapping
    """Without the keys that say nothing, which are as good as absent in Go."""
    return {key: value for key, value in data.items() if value not in (None, "")} if isinstance(data, dict) else data


def _users(section: Section) -> dict[str, bytes]:
    users = section.section("basic_auth_users")
    if users is None:
        return {}
    for name, hashed in users.values.items():
        if not isinstance(hashed, str) or not _HASH.fullmatch(hashed):
            users.problem(name, "not a bcrypt hash; make one with: htpasswd -nBC 10 NAME")
        elif ":" in name:
            users.problem(name, "basic authentication cannot send a name with a colon; change it")
    return {name: str(hashed).encode() for name, hashed in users.values.items()}


def _rate(section: Section) -> Rate | None:
    limit = section.section("rate_limit")
    interval = limit.get("interval", 0) if limit else 0
    if isinstance(interval, int):
        seconds = interval * _UNITS["ns"]  # as Go reads a duration without a unit
    else:
        seconds = sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, interval))
    if not limit or not seconds:
        return None
    if not (burst := limit.get("burst", 0)):
        limit.problem("burst", "0 lets no request in; write e.g. burst: 20")
    return Rate(interval=seconds, burst=burst)


def _stamp(path: Path) -> Stamp:
    """What changes when a file does; empty when it cannot be looked at."""
    try:
        stat = path.stat()
    except OSError:
        return ()
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns

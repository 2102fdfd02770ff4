"""Flags and the configuration file to settings. Everything wrong is told at once, each with its place and cure."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from gridobs_exporters.config.document import ConfigError, Document, read
from gridobs_exporters.config.schema import faults, mapping
from gridobs_exporters.config.section import Section
from gridobs_exporters.scrape import MAX_SERIES
from gridobs_exporters.web.config import read_web_config
from gridobs_exporters.web.server import MAX_REQUESTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs_exporters.config.document import Keys
    from gridobs_exporters.config.schema import Schema
    from gridobs_exporters.kind import CollectorKind, Flag, Make, MakeRoute, PageKind

_LEVELS = ("debug", "info", "warning", "error")
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What to serve and where. ``collectors`` and ``pages`` are made by what they map to."""

    host: str
    port: int
    metrics_path: str
    max_requests: int
    web_config: Path | None
    log_level: str
    collectors: dict[str, Make]
    pages: dict[str, MakeRoute]
    limits: dict[str, int]
    only_check: bool = False


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; see gridobs-exporter --help")


def parse(
    argv: Sequence[str], *, version: str, kinds: Sequence[CollectorKind], pages: Sequence[PageKind] = ()
) -> Settings:
    """Settings from flags and the file they name; reads the password and certificate files those name.

    Raises:
        ConfigError: If anything of it cannot work.
        SystemExit: After ``--help`` and ``--version``.
    """
    flags = _parser(version, kinds).parse_args(argv)
    problems: list[str] = []
    host, port = _listen_address(flags.listen, problems)
    if not re.fullmatch(r"/[A-Za-z0-9/_.-]*", flags.path):
        problems.append(f"--web.telemetry-path: {flags.path!r} is not a path; write e.g. /metrics")
    web_config = Path(flags.web_config) if flags.web_config else None
    if web_config:
        try:
            read_web_config(web_config)
        except ConfigError as error:
            problems += str(error).splitlines()
    document = _document(flags, kinds, pages, problems)
    sections = {name: Section(values, (name,), document.places, problems) for name, values in document.data.items()}
    collectors = {
        kind.name: kind.prepare(sections[kind.name])
        for kind in kinds
        if kind.name in sections and _is_installed(kind, sections[kind.name])
    }
    routes = {page.name: page.prepare(sections[page.name]) for page in pages if page.name in sections}
    if problems:
        raise ConfigError("\n".join(problems))
    return Settings(
        host=host,
        port=port,
        metrics_path=flags.path,
        max_requests=flags.max_requests,
        web_config=web_config,
        log_level=flags.log_level,
        collectors=collectors,
        pages=routes,
        limits={name: sections[name].get("max_series", flags.max_series) for name in collectors},
        only_check=flags.only_check,
    )


def _is_installed(kind: CollectorKind, section: Section) -> bool:
    """Whether the modules are there that only an extra brings; if not, that is a fault of the section."""
    missing = [module for module in kind.needs if not _is_there(module)]
    if missing:
        cure = f"run: pip install 'gridobs[{kind.extra}]'"
        section.problems.append(f"{section.at()}: collector {kind.name} lacks {', '.join(missing)}; {cure}")
    return not missing


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # what it is part of is not there
        return False


def _document(
    flags: argparse.Namespace, kinds: Sequence[CollectorKind], pages: Sequence[PageKind], problems: list[str]
) -> Document:
    """What the file says and the flags say over it, as the schema wants it."""
    document, found = Document(), len(problems)
    if flags.config:
        try:
            document = read(Path(flags.config))
        except ConfigError as error:
            raise ConfigError("\n".join([*problems, str(error)])) from error
    for kind in kinds:
        _overlay(document, kind, flags, problems)
    if not document.data and len(problems) == found:
        problems.append(f"no collector is on; give --config.file, or one of {', '.join(_starters(kinds))}")
    problems += (f"{_place(document, keys)}: {told}" for keys, told in faults(document.data, schema_of(kinds, pages)))
    if len(problems) > found:
        raise ConfigError("\n".join(problems))
    return document


def schema_of(kinds: Sequence[CollectorKind], pages: Sequence[PageKind] = ()) -> Schema:
    """The JSON Schema of the configuration file."""
    collectors = {kind.name: _with_limit(kind.schema) for kind in kinds}
    return mapping(collectors | {page.name: page.schema for page in pages})


def _with_limit(schema: Schema) -> Schema:
    limit = {"type": "integer", "minimum": 1, "description": "the most samples to expose", "examples": ["500"]}
    return schema | {"properties": schema["properties"] | {"max_series": limit}}


def _parser(version: str, kinds: Sequence[CollectorKind]) -> argparse.ArgumentParser:
    parser = _Parser(prog="gridobs-exporter", description="Series about one substation.", allow_abbrev=False)
    add = parser.add_argument
    add("--version", action="version", version=f"gridobs-exporter {version}")
    add("--config.file", dest="config", metavar="PATH", help="YAML; what flags say too, they say last")
    add("--config.check", dest="only_check", action="store_true", help="say whether flags and file can work, and end")
    add("--log.level", dest="log_level", default="info", choices=_LEVELS)
    add("--web.listen-address", dest="listen", default="127.0.0.1:9817", metavar="HOST:PORT")
    add("--web.telemetry-path", dest="path", default="/metrics", metavar="PATH")
    text = "TLS, passwords and more in exporter-toolkit's format; read again when it changes"
    add("--web.config.file", dest="web_config", metavar="PATH", help=text)
    text = "requests answered at the same time; more get 503"
    add("--web.max-requests", dest="max_requests", default=MAX_REQUESTS, type=_count, metavar="N", help=text)
    text = "samples a collector may expose, if its section sets no max_series"
    add("--collector.max-series", dest="max_series", default=MAX_SERIES, type=_count, metavar="N", help=text)
    text = "only collectors that are named"
    add("--collector.disable-defaults", dest="no_defaults", action="store_true", help=text)
    for kind in kinds:
        group = parser.add_argument_group(f"collector {kind.name}", kind.about)
        on_off = argparse.BooleanOptionalAction
        text = "on when anything of it is configured"
        group.add_argument(f"--collector.{kind.name}", dest=f"on_{kind.name}", action=on_off, help=text)
        for flag in kind.flags:
            if flag.switch:
                group.add_argument(flag.name, dest=flag.name, action="store_true", default=None, help=flag.help)
            else:
                group.add_argument(flag.name, dest=flag.name, metavar=flag.metavar, help=flag.help)
    return parser


def _overlay(document: Document, kind: CollectorKind, flags: argparse.Namespace, problems: list[str]) -> None:
    """Put what the flags say into the document, and leave the collectors out that are off."""
    given = vars(flags)
    asked = given[f"on_{kind.name}"]
    if asked:
        document.data.setdefault(kind.name, {})
        document.places.setdefault((kind.name,), f"--collector.{kind.name}")
    for flag in kind.flags:
        if (value := given[flag.name]) is not None:
            _set(document, kind, flag, value, problems)
    if asked is False or (asked is None and flags.no_defaults):
        document.data.pop(kind.name, None)
    elif kind.name in document.data and document.data[kind.name] is None:
        document.data[kind.name] = {}  # "k3s:" alone asks for the defaults


def _set(document: Document, kind: CollectorKind, flag: Flag, value: object, problems: list[str]) -> None:
    keys: Keys = (kind.name, *flag.keys)
    holder: Any = document.data
    for at, (key, following) in enumerate(pairwise(keys), start=1):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(holder, list):
            if not holder:
                holder.append(empty)
        elif holder.get(key) is None:
            holder[key] = empty
        holder = holder[key]
        place = document.places.setdefault(keys[:at], flag.name)
        if isinstance(holder, list) and not place.startswith("--"):
            problems.append(f"{flag.name}: {place} lists them already; give it there")
            return
        if not isinstance(holder, list | dict):
            return  # the schema tells what is wrong with it
    holder[keys[-1]] = value
    document.places[keys] = flag.name


def _starters(kinds: Sequence[CollectorKind]) -> list[str]:
    """The least that turns each on: a target, or nothing more than its name."""
    return [
        f"{kind.flags[0].name} {kind.flags[0].metavar}" if kind.schema.get("required") else f"--collector.{kind.name}"
        for kind in kinds
    ]


def _place(document: Document, keys: Keys) -> str:
    return Section({}, places=document.places).at(*keys)


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,6}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1; write e.g. {MAX_SERIES}")
    return int(text)


def _listen_address(text: str, problems: list[str]) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > _HIGHEST_PORT:
        problems.append(f"--web.listen-address: {text!r} is not HOST:PORT; write e.g. 127.0.0.1:9817 or :9817")
        return "", 0
    return host.removeprefix("[").removesuffix("]"), int(port)

"""The ``policy`` section of the configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gridobs_exporters.config import schema
from gridobs_exporters.config.section import refuse_same_names
from gridobs_exporters.kind import CollectorKind, Flag
from gridobs_exporters.policy.batches import Limits
from gridobs_exporters.policy.collector import Opa, PolicyCollector, PolicySettings
from gridobs_exporters.policy.counts import PathLimits
from gridobs_exporters.policy.decisions import Meaning

if TYPE_CHECKING:
    from gridobs_exporters.clock import Clock
    from gridobs_exporters.config.section import Section
    from gridobs_exporters.kind import Make

_PATH = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_.-]+)*$"
_RULE = r"^[A-Za-z_][A-Za-z0-9_]*$"
_CURE = "write http://HOST:8181, or https://HOST:8181 for TLS"

OPA = schema.mapping(
    {
        "name": schema.text("the opa label; default: HOST:PORT", "main"),
        "url": schema.text("the address of its API or of its diagnostics", "http://opa:8181"),
        "timeout": schema.duration("for its answer", "1s"),
        **schema.tls_files("the OPA"),
    },
    required=["url"],
    description="an OPA whose health is asked for",
)
SECTION = schema.mapping(
    {
        "opas": schema.items(OPA, description="the OPAs whose health is asked for"),
        "paths": schema.items(
            schema.text("the path of a decision", "energy/smartgrid/export", pattern=_PATH),
            description="paths of decisions that are counted from 0 on",
        ),
        "only_paths": schema.flag("whether all other paths are counted as other"),
        "max_paths": schema.number("the most paths to tell apart, if not only those given", 50, least=1),
        "decision_key": schema.text("the key of the decision in a result that is an object", "allow", pattern=_RULE),
        "deny_rules": schema.items(
            schema.text("the last part of the path of a rule that lists what speaks against", "deny", pattern=_RULE),
            description="names of rules that list what speaks against",
        ),
        "max_bytes": schema.number("the most bytes of a batch, uncompressed", 8 << 20, least=1024),
        "max_events": schema.number("the most events of a batch", 50_000, least=1),
    },
)


def prepare(section: Section) -> Make:
    sections = section.sections("opas")
    opas = [read_opa(opa) for opa in sections]
    refuse_same_names(sections, [opa.name for opa in opas])
    if section.get("only_paths") and not section.get("paths"):
        section.problem("only_paths", "without paths every decision would be other; give paths")
    usual, limits = Meaning(), Limits()
    settings = PolicySettings(
        opas=opas,
        paths=PathLimits(
            known=tuple(dict.fromkeys(section.get("paths", ()))),
            only_known=section.get("only_paths", False),
            most=section.get("max_paths", PathLimits().most),
        ),
        limits=Limits(size=section.get("max_bytes", limits.size), events=section.get("max_events", limits.events)),
        meaning=Meaning(
            key=section.get("decision_key", usual.key),
            denials=frozenset(section.get("deny_rules", usual.denials)),
        ),
    )

    def make(clock: Clock) -> PolicyCollector:
        return PolicyCollector(settings, clock=clock)

    return make


def read_opa(section: Section) -> Opa:
    """One OPA; what is wrong is told to ``section``."""
    text = section.get("url")
    try:
        url = urlsplit(text)
        host = url.netloc if url.port != 0 else ""
    except ValueError as error:
        section.problem("url", f"{text!r}: {error}; {_CURE}")
        return Opa(name="", url="", timeout=1.0)
    if url.username or url.password:
        section.problem("url", "others can read a password here; /health needs none")
    elif url.scheme not in {"http", "https"} or not host or re.search("[^/]", url.path) or url.query or url.fragment:
        section.problem("url", f"{text!r} is not the address of an OPA; {_CURE}")
    tls = section.tls_for(url.scheme, secure="https")
    timeout = section.positive_seconds("timeout", "1s")
    return Opa(name=section.get("name", host), url=text, timeout=timeout, tls=tls)


POLICY = CollectorKind(
    name="policy",
    about="decisions of Open Policy Agents, which send their logs here",
    schema=SECTION,
    flags=(
        Flag(name="--policy.opa", keys=("opas", 0, "url"), metavar="URL", help="an OPA whose health is asked for"),
        Flag(name="--policy.opa-name", keys=("opas", 0, "name"), metavar="NAME", help="default: HOST:PORT"),
    ),
    prepare=prepare,
)

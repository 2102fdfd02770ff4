"""A part of the configuration while it becomes settings; whoever finds a fault tells it here, with its place."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridobs_exporters.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridobs_exporters.config.document import Keys


@dataclass(frozen=True, slots=True)
class Section:
    """``values`` passed the schema. ``places`` and ``problems`` belong to the whole configuration."""

    values: Mapping[str, Any]
    keys: Keys = ()
    places: Mapping[Keys, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - the schema knows the type
        return self.values.get(key, default)

    def at(self, *keys: str | int) -> str:
        """Where the value was given, or the nearest thing above it: ``FILE:LINE:COLUMN`` or a flag."""
        path = (*self.keys, *keys)
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, "configuration")

    def problem(self, key: str, message: str) -> None:
        """Tell that the value of ``key`` cannot work; ``message`` says why and what to do."""
        self.problems.append(f"{self.at(key)}: {message}")

    def section(self, key: str) -> Section | None:
        """The mapping below ``key``; None if it was not given."""
        values = self.values.get(key)
        return None if values is None else self._below(values, key)

    def sections(self, key: str) -> list[Section]:
        """The mappings of the list below ``key``."""
        return [self._below(values, key, index) for index, values in enumerate(self.values.get(key, ()))]

    def seconds(self, key: str, default: str) -> float:
        return parse_duration(str(self.values.get(key, default)))

    def positive_seconds(self, key: str, default: str) -> float:
        """As ``seconds``, of what cannot be 0."""
        seconds = self.seconds(key, default)
        if not seconds:
            self.problem(key, f"must be longer than 0; write e.g. {default}")
        return seconds

    def path(self, key: str) -> Path | None:
        text = self.values.get(key)
        return None if text is None else Path(text)

    def secret(self, key: str) -> str | None:
        """The first line's worth of the file that ``key`` names, without its line end."""
        path = self.path(key)
        if path is None:
            return None
        try:
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            self.problem(key, f"cannot read {path}: {reason}; let this user read it")
            return None

    def login(self) -> tuple[str | None, str | None]:
        """``username``, and the password from ``password_file``."""
        username, password = self.values.get("username"), self.secret("password_file")
        if password is not None and not username:
            self.problem("password_file", "a password needs a name; give username too")
        return username, password

    def tls_for(self, scheme: str, *, secure: str) -> ssl.SSLContext | None:
        """``client_tls`` if the address begins with ``secure``; else files for TLS are a fault."""
        if scheme == secure:
            return self.client_tls()
        for key in ("ca_file", "cert_file", "key_file"):
            if self.values.get(key):
                self.problem(key, f"of no use without TLS; write the url as {secure}://")
                break
        return None

    def client_tls(self) -> ssl.SSLContext:
        """TLS as a client from ``ca_file``, ``cert_file`` and ``key_file``; the server is always verified."""
        ca_file, cert_file, key_file = (self.values.get(key) for key in ("ca_file", "cert_file", "key_file"))
        context = ssl.create_default_context() if ca_file is None else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if ca_file is not None:
            try:
                context.load_verify_locations(cafile=ca_file)
            except OSError as error:
                self.problem("ca_file", f"cannot use {ca_file}: {error.strerror or error}; give a PEM file")
        if key_file and not cert_file:
            self.problem("key_file", "a key needs its certificate; give cert_file too")
        if cert_file:
            try:
                context.load_cert_chain(cert_file, key_file, password="")
            except OSError as error:
                files = f"{cert_file} {key_file or ''}".strip()
                self.problem(
                    "cert_file",
                    f"cannot use {files}: {error.strerror or error}; give PEM files, the key unencrypted",
                )
        return context

    def _below(self, values: Mapping[str, Any], *keys: str | int) -> Section:
        return Section(values, (*self.keys, *keys), self.places, self.problems)


def refuse_same_names(sections: Sequence[Section], names: Sequence[str]) -> None:
    """Tell each section whose name, its label, another one before it has."""
    for index, (section, name) in enumerate(zip(sections, names, strict=True)):
        if name in names[:index]:
            section.problem("name", f"the name {name!r} is taken; give it another name")

"""Asking a Prometheus, over its HTTP API v1."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from requests.auth import AuthBase

from gridobs.errors import ServerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_NAME = "__name__"
_SHOWN_CHARACTERS = 200
_TLS_CURE = (
    "see that --ca-file has who signed the server's certificate, that the host is named as in there, "
    "and that --cert-file and --key-file belong together and are what the server wants"
)
_PLACE_IN_SSL = re.compile(r" \(_ssl\.c:\d+\)$")


@dataclass(frozen=True, slots=True)
class Sample:
    """The value of one series at one time; the labels are without its name."""

    labels: dict[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """One series as (Unix seconds, value) points in order; the labels are without its name."""

    labels: dict[str, str]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whatever its status; ``text`` is the beginning of its body, ``retry_after`` the header or empty."""

    status: int
    text: str
    retry_after: str


def matcher(label: str, value: str) -> str:
    """``label="value"``, with what PromQL wants escaped."""
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'{label}="{escaped}"'


def matcher_of_any(label: str, *values: str) -> str:
    """Matches series whose ``label`` is one of ``values``; an empty one stands for no such label."""
    return matcher(label, "|".join(map(re.escape, values))).replace("=", "=~", 1)


def selector(series: str, **labels: str | None) -> str:
    """``series{label="value"}``; a label that is None is left out."""
    matchers = ",".join(matcher(label, value) for label, value in labels.items() if value is not None)
    return f"{series}{{{matchers}}}" if matchers else series


class Client:
    """A Prometheus. Every method raises ServerError when it does not answer, or answers with an error."""

    def __init__(
        self,
        url: str,
        *,
        ca_file: Path | None = None,
        cert_file: Path | None = None,
        key_file: Path | None = None,
        token_file: Path | None = None,
        timeout: float = 30.0,
    ) -> None:
        """Say whom to ask; nothing is sent yet.

        Args:
            url: without ``/api/v1``, such as ``https://prometheus.example:9090``; a name and a password in it are
                sent and never shown.
            ca_file: PEM, whom to trust; None is the authorities this Python trusts.
            cert_file: PEM, what to show.
            key_file: PEM, of ``cert_file``; None if that holds the key too.
            token_file: a bearer token; read for every question, since tokens are renewed.
            timeout: seconds without a byte before it is given up.

        Raises:
            UsageError: the URL or a file cannot be used.
        """
        for file in filter(None, (ca_file, cert_file, key_file, token_file)):
            _readable(file)
        if key_file and not cert_file:
            raise UsageError("a key needs its certificate; name it with --cert-file")
        self._timeout = timeout
        self._session = requests.Session()
        self.url, password = _split(url)
        self._session.auth = _Bearer(token_file) if token_file else password
        self._verify = str(ca_file) if ca_file else True
        self._session.cert = (str(cert_file), str(key_file)) if key_file else str(cert_file) if cert_file else None

    def query(self, expression: str, at: float | None = None) -> list[Sample]:
        """The instant vector ``expression`` gives at Unix second ``at``, or now."""
        result = self.ask("query", {"query": expression} | _at(at))["result"]
        return [Sample(_without_name(row["metric"]), float(row["value"][1])) for row in result]

    def query_range(self, expression: str, start: float, end: float, step: float) -> list[Series]:
        """What ``expression`` gives every ``step`` seconds from ``start`` to ``end``, both included."""
        asked = {"query": expression, "start": _number(start), "end": _number(end), "step": _number(step)}
        return [
            Series(
                _without_name(row["metric"]),
                tuple((float(at), float(value)) for at, value in row["values"]),
            )
            for row in self.ask("query_range", asked)["result"]
        ]

    def series(self, matchers: Sequence[str], start: float, end: float) -> list[dict[str, str]]:
        """The labels, name included, of the series any of ``matchers`` selects between two Unix seconds."""
        found: list[dict[str, str]] = self.ask(
            "series", {"match[]": list(matchers), "start": _number(start), "end": _number(end)}
        )
        return found

    def metadata(self, metric: str) -> list[str]:
        """The types targets give ``metric``, such as ``counter``; empty when none says, as for recorded series."""
        found = self.ask("metadata", {"metric": metric}, method="GET").get(metric, ())
        return sorted({one["type"] for one in found})

    def label_values(self, label: str, *matchers: str) -> list[str]:
        """The values of ``label``, of the series any of ``matchers`` selects or of all, sorted."""
        found: list[str] = self.ask(f"label/{label}/values", {"match[]": list(matchers)}, method="GET")
        return sorted(found)

    def build_info(self) -> str:
        """The version, such as ``2.42.0``."""
        return str(self.ask("status/buildinfo", {}, method="GET")["version"])

    def stats(self, expression: str, at: float | None = None) -> int:
        """How many samples ``expression`` reads at Unix second ``at``, or now."""
        answer = self.ask("query", {"query": expression, "stats": "all"} | _at(at))
        return int(answer["stats"]["samples"]["totalQueryableSamples"])

    def ask(self, path: str, asked: dict[str, Any], *, method: str = "POST") -> Any:  # noqa: ANN401 - JSON
        """The ``data`` of an answer of the API; POST, so that a query may be long."""
        url = f"{self.url}/api/v1/{path}"
        answer = self._request(method, url, **{"params" if method == "GET" else "data": asked})
        try:
            content = answer.json()
            if content["status"] == "success":
                return content["data"]
            said, cure = f"{content['errorType']}: {content['error']}", _cure_of_query(content["errorType"])
        except (ValueError, KeyError, TypeError):
            cure = _cure(answer.status_code)
            said = " ".join(answer.text.split())[:_SHOWN_CHARACTERS] or "nothing"
        if answer.is_redirect:  # following one would turn the POST into a GET, and could show the token to another
            said = f"a redirect to {answer.headers['location']}"
        raise ServerError(f"{url}: answered {answer.status_code}, {said}; {cure}")

    def send(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """What it says to ``body``, posted to ``path`` of the API; the caller judges whether that is well."""
        answer = self._request("POST", f"{self.url}/api/v1/{path}", data=body, headers=dict(headers))
        text = " ".join(answer.text.split())[:_SHOWN_CHARACTERS]
        return Answer(answer.status_code, text, answer.headers.get("Retry-After", ""))

    def _request(self, method: str, url: str, **content: Any) -> requests.Response:  # noqa: ANN401 - of requests
        try:
            return self._session.request(
                method, url, timeout=self._timeout, verify=self._verify, allow_redirects=False, **content
            )
        except requests.exceptions.SSLError as error:
            raise ServerError(f"{url}: {_reason(error)}; {_TLS_CURE}") from None
        except requests.Timeout:
            raise ServerError(
                f"{url}: no answer within {self._timeout:g} s; ask for less, or see whether it is overloaded"
            ) from None
        except (requests.RequestException, OSError) as error:
            raise ServerError(f"{url}: {_reason(error)}; see whether it runs and the URL is right") from None


class _Bearer(AuthBase):
    """Sends a token; as ``auth``, since a ``.netrc`` would replace a plain header."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {_readable(self._file).decode('latin-1').strip()}"
        return request


def _split(url: str) -> tuple[str, tuple[str, str] | None]:
    """The URL as it may be shown, and the name and the password in it."""
    try:
        parts = urlsplit(url)
        whole = parts.scheme in {"http", "https"} and parts.hostname
    except ValueError:
        whole = None
    if not whole:
        raise UsageError(f"{url!r} is not the URL of a Prometheus; write it like http://localhost:9090")
    shown = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])).rstrip("/")
    return shown, (unquote(parts.username), unquote(parts.password or "")) if parts.username else None


def _readable(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}; name a file that can be") from None


def _without_name(labels: dict[str, str]) -> dict[str, str]:
    return {label: value for label, value in labels.items() if label != _NAME}


def _at(at: float | None) -> dict[str, str]:
    return {} if at is None else {"time": _number(at)}


def _number(value: float) -> str:
    """Without an exponent, which Prometheus would read, but a person in its log would not."""
    return str(int(value)) if math.isfinite(value) and value == int(value) else f"{value:.3f}"


def _reason(error: Exception) -> str:
    """The end of the innermost cause: in there the libraries say what happened."""
    cause: object = error
    while isinstance(cause, Exception):
        error, cause = cause, getattr(cause, "reason", None) or next(iter(cause.args), None)
    return _PLACE_IN_SSL.sub("", str(error).rsplit(": ", 1)[-1])


def _cure(status: int) -> str:
    if status in {requests.codes.unauthorized, requests.codes.forbidden}:
        return "name credentials it accepts with --token-file, or --cert-file and --key-file"
    if status == requests.codes.not_found:
        return "give the URL that comes before /api/v1"
    return "see whether the URL is that of a Prometheus"


def _cure_of_query(error_type: str) -> str:
    """By the error types of the API."""
    if error_type in {"timeout", "canceled", "execution", "too_many_requests"}:
        return "ask for less time or fewer series"
    if error_type == "bad_data":
        return "ask what it can answer"
    return "see what its log says"

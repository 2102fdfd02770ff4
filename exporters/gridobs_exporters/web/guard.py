"""The web configuration in force: read again when a file changes, and never quietly weaker than before."""

from __future__ import annotations

import logging
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING

from gridobs_exporters.config.document import ConfigError
from gridobs_exporters.pages import text
from gridobs_exporters.web.auth import Bucket, Passwords, Verdict, credentials
from gridobs_exporters.web.config import WebConfig, read_web_config

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.pages import Response

_GRACE = 60.0  # seconds; a rotation writes several files, one after the other
_RETRY = 1.0  # seconds from one try to read what is broken to the next

log = logging.getLogger(__name__)


class Guard:
    """Decides who is answered, as the file at ``path`` says; everybody, without one.

    A changed file that cannot be used leaves the last good one in force for a minute. Then all are refused until it
    is mended: whoever was to be shut out by the change must not stay for longer.

    Raises:
        ConfigError: If the file cannot be used.
    """

    def __init__(self, path: Path | None, *, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._config = read_web_config(path) if path else WebConfig()
        self._bucket = Bucket(self._config.rate, clock) if self._config.rate else None
        self._passwords = Passwords()
        self._broken: str | None = None
        self._broken_since = self._tried = 0.0

    def config(self) -> WebConfig:
        """What is in force now."""
        with self._lock:
            now = self._clock.monotonic()
            if not self._config.outdated:
                self._broken = None
            elif self._broken is None or now - self._tried >= _RETRY:
                self._read(now)
            return self._config

    def refusal(self, headers: Mapping[str, str]) -> Response | None:
        """What to say instead of an answer to a request with these ``headers`` (by lower-case name)."""
        config = self.config()
        if self._broken is not None and self._clock.monotonic() - self._broken_since >= _GRACE:
            told = "The web configuration is broken; the log of gridobs-exporter says how."
            return text(HTTPStatus.INTERNAL_SERVER_ERROR, told)
        if self._bucket and not self._bucket.take():
            return text(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests; ask again later.", Retry_After="1")
        if not config.users:
            return None
        given = credentials(headers.get("authorization"))
        verdict = self._passwords.check(config.users, *given) if given else Verdict.NO
        if verdict is Verdict.BUSY:
            return text(HTTPStatus.SERVICE_UNAVAILABLE, "Too many passwords to check; ask again.", Retry_After="1")
        if verdict is Verdict.NO:
            realm = 'Basic realm="gridobs-exporter", charset="UTF-8"'
            return text(HTTPStatus.UNAUTHORIZED, "Give a name and a password.", WWW_Authenticate=realm)
        return None

    def _read(self, now: float) -> None:
        assert self._path  # noqa: S101 - without a file nothing is ever outdated
        self._tried = now
        try:
            config = read_web_config(self._path)
            if lost := _lost(self._config, config):
                raise ConfigError(f"{self._path}: {lost} is gone; start again to serve without it")  # noqa: TRY301 - as what is read
        except ConfigError as error:
            if self._broken is None:
                self._broken_since = now
            if str(error) != self._broken:
                log.error(  # noqa: TRY400 - the operator's fault, not a defect: no traceback
                    "a change cannot be used; what was before holds for %g s: %s", _GRACE, error
                )
            self._broken = str(error)
            return
        if config.rate != self._config.rate:
            self._bucket = Bucket(config.rate, self._clock) if config.rate else None
        self._config = config
        self._broken = None
        log.info("%s: the changed web configuration is in force", self._path)


def _lost(before: WebConfig, after: WebConfig) -> str:
    """The protection that ``after`` lacks. A file that is just being written may be empty and must open nothing."""
    if before.users and not after.users:
        return "basic_auth_users"
    if before.tls and not after.tls:
        return "tls_server_config"
    if before.tls and after.tls and after.tls.context.verify_mode < before.tls.context.verify_mode:
        return "client_auth_type"
    return ""

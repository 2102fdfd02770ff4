"""Reading the history of a site through its egress gate, which gives 15 minutes of raw samples for a question."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from gridobs_exporters.fetch import CHUNK, Fetcher, FetchError, StatusError

from gridobs.fleet.backfill import answer
from gridobs.fleet.backfill.faults import Reason, SiteFault

if TYPE_CHECKING:
    import ssl

    from gridobs.fleet.backfill.admission import Admission, Admitted
    from gridobs.fleet.backfill.holes import Window
    from gridobs.fleet.model import Site

PATH = "/history"


class Gates:
    """The gates of all sites; connections to those in use stay open until they are forgotten."""

    def __init__(self, admission: Admission, *, tls: ssl.SSLContext | None, timeout: float) -> None:
        """Ask with ``tls``, or over plain HTTP without; ``timeout`` is the seconds a whole answer may take."""
        self._admission = admission
        self._tls = tls
        self._timeout = timeout
        self._fetchers: dict[str, Fetcher] = {}

    def read(self, site: Site, window: Window) -> tuple[Admitted, int]:
        """What may be written of ``window``, and how many bytes were read, uncompressed.

        Raises:
            SiteFault: the gate gives no answer that can be used.
        """
        body = self._body(site, f"{PATH}?time={window.time}")
        try:
            return self._admission.admit(answer.read(body), site=site, span=window.span), len(body)
        except SiteFault as fault:
            raise SiteFault(fault.reason, f"{site.address}{PATH}: {fault}") from None

    def forget(self, site: Site) -> None:
        """Let go of the connections to a site that is not asked any more; they close when nothing refers to them."""
        self._fetchers.pop(site.id, None)

    def _body(self, site: Site, path: str) -> bytes:
        fetcher = self._fetchers.get(site.id) or self._fetcher(site)
        largest = self._admission.largest
        body = bytearray()
        try:
            with fetcher.stream(path, largest=largest + CHUNK) as chunks:
                for chunk in chunks:
                    body += chunk
                    if len(body) > largest:
                        raise SiteFault(
                            Reason.TOO_LARGE,
                            f"{site.address}{PATH}: answers more than the {largest} bytes that its rules can give",
                        )
        except StatusError as error:
            reason = Reason.BUSY if error.status == HTTPStatus.TOO_MANY_REQUESTS else Reason.REFUSED
            raise SiteFault(reason, f"{site.address}{PATH}: answers {error.status}; see {_cure(error)}") from None
        except FetchError as error:
            raise SiteFault(Reason.UNREACHABLE, f"{site.address}{error}") from None
        return bytes(body)

    def _fetcher(self, site: Site) -> Fetcher:
        url = f"{'https' if self._tls else 'http'}://{site.address}"
        self._fetchers[site.id] = Fetcher(url, tls=self._tls, timeout=self._timeout, connections=1)
        return self._fetchers[site.id]


def _cure(error: StatusError) -> str:
    if error.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return "that the gate is the rendered one and knows the hub's certificate"
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        return "who else asks this gate for history"
    return "the log of the gate and of the Prometheus behind it"

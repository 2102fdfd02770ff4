"""The options of every command that asks a Prometheus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gridobs.prometheus import Client

PrometheusUrl = Annotated[
    str, typer.Option("--prometheus", metavar="URL", envvar="GRIDOBS_PROMETHEUS", help="The Prometheus to ask.")
]
CaFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="PEM: whom to trust. [default: the system's authorities]")
]
CertFile = Annotated[Path | None, typer.Option(metavar="FILE", help="PEM: the certificate to show.")]
KeyFile = Annotated[Path | None, typer.Option(metavar="FILE", help="PEM: its key.")]
TokenFile = Annotated[Path | None, typer.Option(metavar="FILE", help="A file with a bearer token.")]
Timeout = Annotated[float, typer.Option(min=1, metavar="SECONDS", help="How long to wait for an answer.")]


def connect(
    url: str,
    *,
    ca_file: Path | None,
    cert_file: Path | None,
    key_file: Path | None,
    token_file: Path | None,
    timeout: float,
) -> Client:
    """The client that these options describe. Raises UsageError when they cannot work."""
    return Client(
        url,
        ca_file=ca_file,
        cert_file=cert_file,
        key_file=key_file,
        token_file=token_file,
        timeout=timeout,
    )
